package serve

import (
	"embed"
	"fmt"
	"html/template"
	"strings"

	"plip/internal/report"
)

//go:embed pages
var pageFiles embed.FS

// liveScript fetches the curves of a run again every few seconds.
//
//go:embed pages/live.js
var liveScript []byte

// loadPages reads the templates, on top of those of the report, and the style sheet, which is the report's and more.
func loadPages() (*template.Template, []byte, error) {
	t, err := report.Parts()
	if err != nil {
		return nil, nil, err
	}
	t = t.Funcs(template.FuncMap{
		"capital":   func(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] },
		"perPerson": func(rows, persons int64) string { return fmt.Sprintf("%.1f", float64(rows)/float64(persons)) },
		"len64":     func(c []crop) int64 { return int64(len(c)) },
	})
	if t, err = t.ParseFS(pageFiles, "pages/*.tmpl"); err != nil {
		return nil, nil, fmt.Errorf("serve: internal error: %w", err)
	}
	style, err := report.StyleSheet()
	if err != nil {
		return nil, nil, err
	}
	own, err := pageFiles.ReadFile("pages/serve.css")
	if err != nil {
		return nil, nil, fmt.Errorf("serve: internal error: %w", err)
	}
	return t, append(append([]byte{}, style...), own...), nil
}

// top is what the head of every page needs.
type top struct {
	Title      string
	Dataset    string
	Here       string // overview, browse, search or runs
	Searchable bool
	Texts      bool // a sentence can be searched for
	Runs       bool
}

func (s *Server) top(title, here string) top {
	t := top{Title: title, Dataset: s.config.Name, Here: here, Searchable: s.config.Search != nil, Runs: len(s.runs) > 0}
	t.Texts = t.Searchable && s.config.Search.Text != nil
	return t
}
