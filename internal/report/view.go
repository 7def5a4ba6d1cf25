package report

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed parts
var parts embed.FS

// render executes one page of parts/ with the shared parts in reach.
func render(page string, view any) ([]byte, error) {
	t, err := Parts()
	if err != nil {
		return nil, err
	}
	if t, err = t.ParseFS(parts, "parts/"+page); err != nil {
		return nil, fmt.Errorf("report: internal error: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, page, view); err != nil {
		return nil, fmt.Errorf("render %s: %w", page, err)
	}
	return bytes.ToValidUTF8(b.Bytes(), []byte("\ufffd")), nil // captions come from foreign files
}

// style returns the style sheet that stands inside every page.
func style() (template.CSS, error) {
	css, err := StyleSheet()
	return template.CSS(css), err
}

// pageView is what the head of every page needs.
type pageView struct {
	Summary
	Style template.CSS
}

// reportView is report.tmpl's data: everything decided, nothing left to compute but the wording of numbers.
type reportView struct {
	pageView
	Cards     []card
	Flow      []flowView
	Sheets    []sheetView
	Charts    []chartView
	Queries   []queryView
	Rankings  []keyedRanking // measured ones
	Counted   bool           // rankings know their queries and gallery
	SPAC      *SPAC
	SlotLines []slotLine
	Filter    *Filter
	Stages    Stages
	Tables    []tableView
	Config    []settingGroup
}

// Figured reports whether the section of tables has anything in it.
func (v reportView) Figured() bool {
	return len(v.Rankings)+len(v.SlotLines)+len(v.Stages)+len(v.Tables) > 0 || v.Filter != nil
}

// newReportView works the report out; ctx is checked per picture.
func newReportView(ctx context.Context, r Report) (reportView, error) {
	css, err := style()
	if err != nil {
		return reportView{}, err
	}
	v := reportView{
		pageView: pageView{r.Summary, css},
		Cards:    newCards(r.Figures),
		Flow:     newFlowViews(r.Figures.Flow),
		SPAC:     r.Figures.SPAC,
		Filter:   r.Figures.Filter,
		Stages:   r.Figures.Stages,
		Config:   newSettingGroups(r.Config),
	}
	for _, k := range r.Figures.rankings() {
		if k.Ranking != nil {
			v.Rankings = append(v.Rankings, k)
			v.Counted = v.Counted || k.Queries > 0
		}
	}
	if v.SPAC != nil {
		v.SlotLines = newSlotLines(*v.SPAC)
	}
	for _, t := range r.Tables {
		v.Tables = append(v.Tables, newTableView(t))
	}
	for _, c := range r.Curves {
		v.Charts = append(v.Charts, newChartView(c))
	}
	for _, s := range r.Sheets {
		sv, err := newSheetView(ctx, s)
		if err != nil {
			return reportView{}, err
		}
		v.Sheets = append(v.Sheets, sv)
	}
	for _, q := range r.Retrieval {
		qv, err := newQueryView(ctx, q)
		if err != nil {
			return reportView{}, err
		}
		v.Queries = append(v.Queries, qv)
	}
	return v, nil
}

// sheetView is a Sheet with its pictures ready.
type sheetView struct {
	Sheet
	Crops  []cropView
	Cards  bool
	Judged bool
}

type cropView struct {
	Crop
	Picture picture
}

func newSheetView(ctx context.Context, s Sheet) (sheetView, error) {
	v := sheetView{Sheet: s, Cards: s.hasText(), Judged: s.judged()}
	for _, c := range s.Crops {
		if err := ctx.Err(); err != nil {
			return sheetView{}, fmt.Errorf("sheet %q: %w", s.Title, err)
		}
		v.Crops = append(v.Crops, cropView{c, newPicture(c.Image)})
	}
	return v, nil
}

// queryView is a Query with its pictures ready.
type queryView struct {
	Query
	Picture *picture // nil: none asked for
	Hits    []hitView
	Outcome string
	Best    Verdict
	Order   template.CSS // its place among the worst, where a page can be sorted; else empty
}

type hitView struct {
	Hit
	Picture picture
}

func newQueryView(ctx context.Context, q Query) (queryView, error) {
	v := queryView{Query: q, Outcome: q.outcome(), Best: q.best()}
	if q.Image != nil {
		p := newPicture(q.Image)
		v.Picture = &p
	}
	for _, h := range q.Hits {
		if err := ctx.Err(); err != nil {
			return queryView{}, fmt.Errorf("query %q: %w", q.Text, err)
		}
		v.Hits = append(v.Hits, hitView{h, newPicture(h.Image)})
	}
	return v, nil
}

// settingGroup is the settings whose names begin alike.
type settingGroup struct {
	Name     string
	Settings []Setting
}

// newSettingGroups groups by what stands before the first dot, groups in the order of their first setting. Names
// without a dot form a group without a name, in its own place.
func newSettingGroups(settings []Setting) []settingGroup {
	var groups []settingGroup
	at := map[string]int{}
	for _, s := range settings {
		name, rest, ok := strings.Cut(s.Name, ".")
		if !ok {
			name, rest = "", s.Name
		}
		i, seen := at[name]
		if !seen {
			i = len(groups)
			at[name] = i
			groups = append(groups, settingGroup{Name: name})
		}
		groups[i].Settings = append(groups[i].Settings, Setting{rest, s.Value})
	}
	return groups
}
