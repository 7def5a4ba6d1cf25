package main

import (
	"strings"
	"testing"
)

func TestParseTexts(t *testing.T) {
	rows, err := parseTexts([]byte("a man\r\n\n  a woman  \nlast without an end"))
	if err != nil || len(rows) != 3 || rows[0].Key != "a man" || rows[1].Key != "a woman" || rows[2].Key != "last without an end" || rows[0].ID != nil {
		t.Errorf("lines: got %+v, %v", rows, err)
	}
	rows, err = parseTexts([]byte(`{"id": 7, "text": "a man"}` + "\n" + `{"text": ""}`))
	if err != nil || len(rows) != 2 || *rows[0].ID != 7 || rows[1].ID != nil || rows[1].Key != "" {
		t.Errorf("JSON lines: got %+v, %v", rows, err)
	}
	for text, want := range map[string]string{
		`{"text": "a"}` + "\nplain":         "line 2: invalid character",
		`{"id": "x", "text": "a"}`:          "line 1: json: cannot unmarshal string",
		`{"id": 1}`:                         `line 1: want a key "text"`,
		strings.Repeat("x", 2*maxTextBytes): "want lines of at most 1048576 bytes",
	} {
		if _, err := parseTexts([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: want the error %q, got %v", text, want, err)
		}
	}
}

func FuzzParseTexts(f *testing.F) {
	for _, s := range []string{"a man\nb", `{"id":1,"text":"a"}`, "{", "\n\n{}", `{"text":null}`, "\xff\xfe"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := parseTexts(data)
		if err == nil && len(rows) > strings.Count(string(data), "\n")+1 {
			t.Errorf("%d rows of %d lines", len(rows), strings.Count(string(data), "\n")+1)
		}
	})
}
