package report

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
)

// StyleSheet returns the style sheet of all pages, for a server whose pages are to look alike.
func StyleSheet() ([]byte, error) { return parts.ReadFile("parts/page.css") }

// Parts returns the templates that pages have in common, with the functions that put numbers into words, for a server to
// add its own to. What they take:
//
//	frame    a picture in its frame: Verdict, Badge, and Picture with Src, W, H and, where Src is empty, Reason
//	words    Attributes and Captions as those of a [Crop]
//	picture  the Picture of frame alone
//
//	percent count bytes span rate score css inc   numbers into words; css is a share as a percentage without its sign
func Parts() (*template.Template, error) {
	funcs := template.FuncMap{
		"percent": percent, "points": points, "count": count, "bytes": byteSize, "span": span, "rate": rate,
		"score": func(v float64) string { return decimal(v, 3) },
		"css":   func(f float64) string { return unit(100 * min(max(f, 0), 1)) },
		"gauge": func(f float64) gauge { return gauge{Value: f, Low: -1, High: -1} },
		"inc":   func(i int) int { return i + 1 },
	}
	t, err := template.New("parts").Funcs(funcs).ParseFS(parts, "parts/parts.tmpl")
	if err != nil {
		return nil, fmt.Errorf("report: internal error: %w", err)
	}
	return t, nil
}

// Chart draws a curve as a figure with its legend, to stand in a page with the style sheet.
func Chart(c Curve) (template.HTML, error) {
	k := checker{}
	c.check(&k, fmt.Sprintf("curve %q", c.Title))
	if err := errors.Join(k.problems...); err != nil {
		return "", err
	}
	t, err := Parts()
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "chart", newChartView(c)); err != nil {
		return "", fmt.Errorf("draw curve %q: %w", c.Title, err)
	}
	return template.HTML(bytes.ToValidUTF8(b.Bytes(), []byte("\ufffd"))), nil
}
