package report

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWriteQueries(t *testing.T) {
	q := Queries{Summary: Summary{Title: "Zero-shot on test", Facts: []Setting{{"split", "test"}}}}
	for i, query := range sampleReport(t).Retrieval {
		q.Queries = append(q.Queries, JudgedQuery{query, float64((i*7)%10) / 10})
	}
	path := filepath.Join(t.TempDir(), "queries.html")
	if err := WriteQueries(t.Context(), path, q); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var orders []string
	hits := 0
	walk(t, page, func(_ []string, e xml.StartElement, text string) {
		for _, a := range e.Attr {
			if a.Name.Local == "style" && strings.HasPrefix(a.Value, "--worst") {
				orders = append(orders, a.Value)
			}
			if a.Name.Local == "class" && a.Value == "hit" {
				hits++
			}
		}
	})
	want := 0
	for _, query := range q.Queries {
		want += len(query.Hits)
	}
	if hits != want || len(orders) != len(q.Queries) {
		t.Errorf("want %d queries with %d hits, got %d and %d", len(q.Queries), want, len(orders), hits)
	}
	if !strings.Contains(string(page), "AP 70.0") {
		t.Error("want the average precision of a query on the page")
	}
	q.Queries[0].AP = 2
	if err := WriteQueries(t.Context(), path, q); err == nil || !strings.Contains(err.Error(), "query[0].ap: want a fraction") {
		t.Errorf("average precision of 2: want it refused, got %v", err)
	}
}

func TestWorstFirst(t *testing.T) {
	var q []JudgedQuery
	for _, ap := range []float64{.5, .1, .5, 0, 1} {
		q = append(q, JudgedQuery{AP: ap})
	}
	if got, want := worstFirst(q), []int{3, 2, 4, 1, 5}; !slices.Equal(got, want) {
		t.Errorf("want places %v, got %v", want, got)
	}
}
