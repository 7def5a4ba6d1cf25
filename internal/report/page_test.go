package report

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writePage(t *testing.T, r Report) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := Write(context.Background(), path, r); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// walk calls fn for every element of the page and fails on one that is not closed in order, except those that
// HTML leaves open. Style and doctype are passed over.
func walk(t *testing.T, page []byte, fn func(path []string, e xml.StartElement, text string)) {
	t.Helper()
	type open struct {
		start xml.StartElement
		text  strings.Builder
	}
	dec := xml.NewDecoder(bytes.NewReader(page))
	dec.Strict = false
	dec.AutoClose = []string{"meta", "img"}
	dec.Entity = xml.HTMLEntity
	var stack []*open
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			stack = append(stack, &open{start: token.Copy()})
		case xml.CharData:
			for _, o := range stack {
				o.text.Write(token)
			}
		case xml.EndElement:
			top := stack[len(stack)-1]
			if top.start.Name.Local != token.Name.Local {
				t.Fatalf("byte %d: want </%s>, got </%s>", dec.InputOffset(), top.start.Name.Local, token.Name.Local)
			}
			stack = stack[:len(stack)-1]
			var path []string
			for _, o := range stack {
				path = append(path, o.start.Name.Local)
			}
			fn(path, top.start, strings.Join(strings.Fields(top.text.String()), " "))
		}
	}
	if len(stack) > 0 {
		t.Fatalf("page ends inside <%s>", stack[len(stack)-1].start.Name.Local)
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// outline is the page's words in order with the number of its pictures and drawings: what a reader finds, without
// the markup around it.
func outline(t *testing.T, page []byte) []byte {
	var b bytes.Buffer
	count := map[string]int{}
	walk(t, page, func(path []string, e xml.StartElement, text string) {
		class := attr(e, "class")
		switch name := e.Name.Local; {
		case name == "h1" || name == "h2" || name == "h3" || name == "figcaption" || name == "blockquote" || name == "tr":
			fmt.Fprintf(&b, "%s: %s\n", name, text)
		case class == "key" || class == "balance" || class == "words" || class == "hit" || class == "group":
			fmt.Fprintf(&b, "%s: %s\n", class, text)
		case name == "img" || name == "svg" || name == "path":
			count[name]++
		case strings.HasPrefix(class, "frame"):
			count[class]++
		}
	})
	for _, k := range []string{"img", "svg", "path", "frame right", "frame wrong", "frame unjudged"} {
		fmt.Fprintf(&b, "%s: %d\n", k, count[k])
	}
	return b.Bytes()
}

func TestReportOutline(t *testing.T) {
	golden(t, "report.txt", outline(t, writePage(t, sampleReport(t))))
}

func TestSearchOutline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "search.html")
	if err := WriteSearch(context.Background(), path, sampleSearch(t)); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkSelfContained(t, page)
	golden(t, "search.txt", outline(t, page))
}

// checkSelfContained fails on anything that a browser would fetch or run.
func checkSelfContained(t *testing.T, page []byte) {
	t.Helper()
	walk(t, page, func(path []string, e xml.StartElement, text string) {
		switch e.Name.Local {
		case "script", "link", "iframe", "object", "embed", "base", "form", "image", "use", "audio", "video", "foreignObject":
			t.Errorf("<%s> in the page", e.Name.Local)
		case "style":
			for _, bad := range []string{"url(", "@import", "http:", "https:"} {
				if strings.Contains(text, bad) {
					t.Errorf("%s in the style sheet", bad)
				}
			}
		}
		for _, a := range e.Attr {
			name := strings.ToLower(a.Name.Local)
			switch {
			case strings.HasPrefix(name, "on"):
				t.Errorf("<%s %s=%q>", e.Name.Local, name, a.Value)
			case name == "src" && !strings.HasPrefix(a.Value, "data:image/"):
				t.Errorf("<%s src=%q>", e.Name.Local, a.Value)
			case name == "href" && !strings.HasPrefix(a.Value, "#"):
				t.Errorf("<%s href=%q>", e.Name.Local, a.Value)
			case name == "srcset" || name == "action" || name == "background" || name == "data" || name == "poster":
				t.Errorf("<%s %s=%q>", e.Name.Local, name, a.Value)
			case name == "style" && strings.Contains(a.Value, "url"):
				t.Errorf("<%s style=%q>", e.Name.Local, a.Value)
			}
		}
	})
}

func TestReportIsSelfContained(t *testing.T) {
	page := writePage(t, sampleReport(t))
	checkSelfContained(t, page)
	for _, bad := range []string{"http:", "https:", "//", "ZgotmplZ", "javascript:"} {
		// base64 may hold // by chance, so pictures are cut out first
		if i := bytes.Index(withoutPictures(page), []byte(bad)); i >= 0 {
			t.Errorf("%q in the page at byte %d", bad, i)
		}
	}
	links := map[string]bool{}
	ids := map[string]bool{}
	walk(t, page, func(path []string, e xml.StartElement, text string) {
		if h := attr(e, "href"); h != "" {
			links[strings.TrimPrefix(h, "#")] = true
		}
		if id := attr(e, "id"); id != "" {
			if ids[id] {
				t.Errorf("id %q stands twice", id)
			}
			ids[id] = true
		}
	})
	for l := range links {
		if !ids[l] {
			t.Errorf("link to #%s leads nowhere", l)
		}
	}
	if len(links) != 6 {
		t.Errorf("want links to 6 sections, got %d", len(links))
	}
}

func withoutPictures(page []byte) []byte {
	var out []byte
	for {
		i := bytes.Index(page, []byte(`src="data:`))
		if i < 0 {
			return append(out, page...)
		}
		out = append(out, page[:i]...)
		page = page[i+len(`src="`):]
		page = page[bytes.IndexByte(page, '"')+1:]
	}
}

// Every text of the page is replaced by markup that would run, load or break out; the page must keep its shape.
func TestHostileTexts(t *testing.T) {
	for _, evil := range []string{
		`<script>alert(1)</script>`,
		`"><img src=http://example.org/x onerror=alert(1)>`,
		`</style></title><svg onload=alert(1)>`,
		`</text></svg><iframe src="javascript:alert(1)">`,
		`' onmouseover='alert(1)`,
		`&lt;b&gt; {{.Title}} ]]> <!-- -->`,
		"a\x00b\xff\u202e\u2028c",
	} {
		r := sampleReport(t)
		plain := tags(t, writePage(t, r))
		poison(&r, evil)
		page := writePage(t, r)
		checkSelfContained(t, page)
		if got := tags(t, page); got != plain {
			t.Errorf("%q changed the page's elements:\nwant %s\ngot  %s", evil, plain, got)
		}
	}
}

// tags counts the elements of a page by name. Numeric cells and short lines do not change it.
func tags(t *testing.T, page []byte) string {
	count := map[string]int{}
	walk(t, page, func(path []string, e xml.StartElement, text string) { count[e.Name.Local]++ })
	return fmt.Sprint(count) // fmt sorts the keys
}

func poison(r *Report, evil string) {
	mark := func(p ...*string) {
		for _, p := range p {
			*p = evil
		}
	}
	s := &r.Summary
	mark(&s.Title, &s.Lead)
	for i := range s.Facts {
		mark(&s.Facts[i].Name, &s.Facts[i].Value)
	}
	for i := range s.Notes {
		mark(&s.Notes[i])
	}
	for i := range r.Figures.Stages {
		r.Figures.Stages[i].Name = fmt.Sprint(evil, i) // names are unique
		mark(&r.Figures.Stages[i].Unit)
	}
	for i := range r.Figures.Flow {
		f := &r.Figures.Flow[i]
		if f.Note != "" {
			mark(&f.Note)
		}
		mark(&f.Stage)
		f.InUnit, f.OutUnit = f.InUnit+evil, f.OutUnit+evil
		for k := range f.Dropped {
			mark(&f.Dropped[k].Reason)
		}
	}
	crop := func(c *Crop) {
		mark(&c.Label)
		if c.Badge != "" {
			mark(&c.Badge)
		}
		for k := range c.Attributes {
			a := &c.Attributes[k]
			if a.Truth != "" {
				mark(&a.Truth)
			}
			mark(&a.Slot, &a.Value)
		}
		for k := range c.Captions {
			mark(&c.Captions[k].Label, &c.Captions[k].Text)
		}
	}
	for i := range r.Sheets {
		mark(&r.Sheets[i].Title, &r.Sheets[i].Note)
		for k := range r.Sheets[i].Crops {
			crop(&r.Sheets[i].Crops[k])
		}
	}
	for i := range r.Curves {
		c := &r.Curves[i]
		if c.Note != "" {
			mark(&c.Note)
		}
		mark(&c.Title, &c.XLabel, &c.YLabel)
		for k := range c.Series {
			mark(&c.Series[k].Name)
		}
	}
	for i := range r.Retrieval {
		mark(&r.Retrieval[i].Text, &r.Retrieval[i].Label)
		for k := range r.Retrieval[i].Hits {
			crop(&r.Retrieval[i].Hits[k].Crop)
		}
	}
	for i := range r.Tables {
		mark(&r.Tables[i].Title, &r.Tables[i].Note)
		for k := range r.Tables[i].Columns {
			mark(&r.Tables[i].Columns[k])
		}
		for _, row := range r.Tables[i].Rows {
			for k := range row {
				mark(&row[k])
			}
		}
	}
	for i := range r.Config {
		group, _, ok := strings.Cut(r.Config[i].Name, ".")
		if ok { // groups stay as many
			r.Config[i].Name = strings.ReplaceAll(evil, ".", "") + group + "." + evil
		}
		mark(&r.Config[i].Value)
	}
}

func TestReportIsDeterministic(t *testing.T) {
	a, b := writePage(t, sampleReport(t)), writePage(t, sampleReport(t))
	if !bytes.Equal(a, b) {
		t.Error("equal reports gave different pages")
	}
}

func TestEmptyReport(t *testing.T) {
	page := writePage(t, Report{Summary: Summary{Title: "nothing yet"}})
	checkSelfContained(t, page)
	walk(t, page, func(path []string, e xml.StartElement, text string) {
		switch e.Name.Local {
		case "section", "a", "table", "svg", "h2":
			t.Errorf("<%s> in an empty report", e.Name.Local)
		}
	})
}

func TestBrokenPictureShowsItsReason(t *testing.T) {
	r := Report{Sheets: []Sheet{{Title: "s", Crops: []Crop{{Image: []byte("not a picture"), Label: "a"}, {Label: "b"}}}}}
	page := writePage(t, r)
	for _, want := range []string{`<span class="none">image: unknown format</span>`, `<span class="none">no picture</span>`} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("want %s in the page", want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	point := func(x, y float64) []Series { return []Series{{"a", []float64{x}, []float64{y}}} }
	for name, c := range map[string]struct {
		report Report
		want   string
	}{
		"length":    {Report{Curves: []Curve{{Title: "c", Series: []Series{{"a", []float64{1, 2}, []float64{1}}}}}}, "want as many y as x, 2, got 1"},
		"nan":       {Report{Curves: []Curve{{Series: point(1, math.NaN())}}}, "want finite numbers"},
		"backwards": {Report{Curves: []Curve{{Series: []Series{{"a", []float64{2, 1}, []float64{1, 1}}}}}}, "point 1: want x of 2 or more, got 1"},
		"log":       {Report{Curves: []Curve{{LogY: true, Series: point(1, 0)}}}, "want y above 0"},
		"score":     {Report{Retrieval: []Query{{Hits: []Hit{{Score: math.Inf(-1)}}}}}, "query[0]: hit 0: want a finite score"},
		"table":     {Report{Tables: []Table{{Title: "t", Columns: []string{"a"}, Rows: [][]string{{"1", "2"}}}}}, "row 0: want 1 cells, got 2"},
		"figures":   {Report{Figures: Figures{ZeroShot: &Ranking{R1: 2}}}, "zeroshot.r1"},
	} {
		path := filepath.Join(t.TempDir(), "report.html")
		err := Write(context.Background(), path, c.report)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: want an error with %q and the path, got %v", name, c.want, err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: want no file, got %v", name, err)
		}
	}
	if err := WriteSearch(context.Background(), filepath.Join(t.TempDir(), "s.html"), Search{}); err == nil {
		t.Error("search for nothing: want an error, got none")
	}
}
