package serve

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// filter says which rows are shown. An empty field lets every row through.
type filter struct {
	slots [slotCount]string // a part of the phrase, in lower case
	split string            // the whole split
	id    *int64
}

// parseFilter reads a filter from the query of a request.
func parseFilter(q url.Values) (filter, error) {
	var f filter
	for k, name := range slotNames() {
		f.slots[k] = strings.ToLower(strings.TrimSpace(q.Get(name)))
	}
	f.split = q.Get("split")
	if text := strings.TrimSpace(q.Get("id")); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return f, fmt.Errorf("person: want a whole number, got %q", text)
		}
		f.id = &id
	}
	return f, nil
}

// query is the filter as the query of a link, without the page.
func (f filter) query() url.Values {
	q := url.Values{}
	for k, name := range slotNames() {
		if f.slots[k] != "" {
			q.Set(name, f.slots[k])
		}
	}
	if f.split != "" {
		q.Set("split", f.split)
	}
	if f.id != nil {
		q.Set("id", strconv.FormatInt(*f.id, 10))
	}
	return q
}

// find returns how many rows pass, and those among them from number skip on, at most limit.
func (c *catalogue) find(f filter, skip, limit int64) (total int64, rows []int64) {
	type test struct {
		rows []uint32
		pass []bool // by phrase
	}
	var tests []test
	add := func(column *column, pass func(phrase string) bool) {
		t := test{column.rows, make([]bool, len(column.phrases))}
		for i, phrase := range column.phrases {
			t.pass[i] = pass(phrase)
		}
		tests = append(tests, t)
	}
	for k, part := range f.slots {
		if part != "" {
			add(&c.slots[k], func(phrase string) bool { return matches(phrase, part) })
		}
	}
	if f.split != "" {
		add(&c.splits, func(phrase string) bool { return phrase == f.split })
	}
next:
	for i, id := range c.ids {
		if f.id != nil && id != *f.id {
			continue
		}
		for _, t := range tests {
			if !t.pass[t.rows[i]] {
				continue next
			}
		}
		if total >= skip && int64(len(rows)) < limit {
			rows = append(rows, int64(i))
		}
		total++
	}
	return total, rows
}

// matches reports whether a phrase has a part that begins at a word, so that "red" finds "dark red coat" and not
// "hundred", and "man" does not find "woman".
func matches(phrase, part string) bool {
	return strings.Contains(" "+strings.ToLower(phrase), " "+part)
}
