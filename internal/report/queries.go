package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"slices"
)

// Queries is the page of a retrieval test, query by query, in the order in which they were asked; on the page a reader
// sorts them by average precision.
type Queries struct {
	Summary // what was measured, and by which protocol
	Queries []JudgedQuery
}

// JudgedQuery is a query with its average precision.
type JudgedQuery struct {
	Query
	AP float64 // in 0..1
}

// WriteQueries writes the page to path, replacing what is there in one step. Equal queries give equal bytes. ctx is
// checked per picture.
func WriteQueries(ctx context.Context, path string, q Queries) error {
	c := checker{}
	for i, query := range q.Queries {
		checkHits(&c, fmt.Sprintf("query[%d]", i), query.Hits)
		c.fraction(fmt.Sprintf("query[%d].ap", i), query.AP)
	}
	if err := errors.Join(c.problems...); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	css, err := style()
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	view := queriesView{pageView: pageView{q.Summary, css}}
	for i, place := range worstFirst(q.Queries) {
		v, err := newQueryView(ctx, q.Queries[i].Query)
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		v.Order = template.CSS(fmt.Sprintf("--worst: %d", place))
		ap := "AP " + percent(q.Queries[i].AP)
		if v.Outcome != "" {
			ap += " · " + v.Outcome
		}
		v.Outcome = ap
		view.Queries = append(view.Queries, v)
	}
	page, err := render("queries.tmpl", view)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replaceFile(ctx, path, page)
}

// worstFirst is each query's place when sorted by rising average precision, from 1; equal ones as asked.
func worstFirst(queries []JudgedQuery) []int {
	order := make([]int, len(queries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(queries[a].AP, queries[b].AP) })
	places := make([]int, len(queries))
	for place, i := range order {
		places[i] = place + 1
	}
	return places
}

// queriesView is queries.tmpl's data.
type queriesView struct {
	pageView
	Queries []queryView
}
