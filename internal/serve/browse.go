package serve

import (
	"net/http"
	"net/url"
	"strconv"
)

const (
	pageRows     = 24 // pictures of a page
	stripRows    = 48 // further pictures of a person
	sampleRows   = 12 // pictures of the overview
	commonCount  = 6  // phrases of a slot on the overview
	offeredCount = 200
)

// overview shows what the dataset holds.
func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	type slot struct {
		Name      string
		Different int64
		Known     int64
		Phrases   []phrase
	}
	view := struct {
		top
		Rows, Persons, Captions, Shards, Bytes int64
		Slots                                  []slot
		Splits                                 []phrase
		Crops                                  []crop
		RunNames                               []string
		Text                                   string // of the search form: empty here
	}{top: s.top(s.config.Name, "overview")}
	m := s.config.Data.Manifest()
	view.Rows, view.Persons, view.Captions, view.Shards = s.config.Data.NumRows(), s.config.Data.NumIdentities(), m.Captions, int64(len(m.Shards))
	for _, shard := range m.Shards {
		view.Bytes += shard.Bytes
	}
	for k, name := range slotNames() {
		c := &s.catalogue.slots[k]
		if n := c.different(); n > 0 {
			x := slot{Name: name, Different: n, Phrases: c.common(commonCount)}
			for _, p := range c.common(len(c.phrases)) {
				x.Known += p.Count
			}
			view.Slots = append(view.Slots, x)
		}
	}
	if s.catalogue.splits.different() > 1 {
		view.Splits = s.catalogue.splits.common(commonCount)
	}
	n := min(sampleRows, view.Rows)
	for i := range n {
		c, err := s.readCrop(r.Context(), view.Rows*i/n)
		if err != nil {
			s.fail(w, r, http.StatusInternalServerError, "The dataset cannot be read.", err)
			return
		}
		view.Crops = append(view.Crops, c)
	}
	for _, run := range s.runs {
		view.RunNames = append(view.RunNames, run.Name)
	}
	s.show(w, r, http.StatusOK, "overview.tmpl", view)
}

// field is one filter of the form.
type field struct {
	Name, Value string
	Offered     []phrase // what the browser offers while one types
}

// browse shows the pictures that pass the filter, a page at a time.
func (s *Server) browse(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	f, err := parseFilter(query)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "The filter cannot be understood: "+err.Error()+".", nil)
		return
	}
	page, err := strconv.ParseInt(query.Get("page"), 10, 64)
	if err != nil || page < 1 || page > 1<<40 {
		page = 1
	}
	total, rows := s.catalogue.find(f, (page-1)*pageRows, pageRows)
	pages := max((total+pageRows-1)/pageRows, 1)
	if page > pages {
		page = pages
		_, rows = s.catalogue.find(f, (page-1)*pageRows, pageRows)
	}
	crops, err := s.readCrops(r.Context(), rows)
	if err != nil {
		s.fail(w, r, http.StatusInternalServerError, "The dataset cannot be read.", err)
		return
	}
	view := struct {
		top
		Fields         []field
		Split, ID      string
		Splits         []phrase
		Filtered       bool
		Total, Of      int64
		First          int64
		Page, Pages    int64
		Previous, Next string
		Crops          []crop
	}{top: s.top("Browse "+s.config.Name, "browse"), Split: f.split, Total: total, Of: s.config.Data.NumRows(), Page: page, Pages: pages, Crops: crops}
	view.First = (page-1)*pageRows + 1
	link := f.query()
	view.Filtered = len(link) > 0
	view.ID = link.Get("id")
	for k, name := range slotNames() {
		if c := &s.catalogue.slots[k]; c.different() > 0 {
			view.Fields = append(view.Fields, field{name, f.slots[k], c.common(offeredCount)})
		}
	}
	if s.catalogue.splits.different() > 1 {
		view.Splits = s.catalogue.splits.common(offeredCount)
	}
	if page > 1 {
		view.Previous = pageLink(link, page-1)
	}
	if page < pages {
		view.Next = pageLink(link, page+1)
	}
	s.show(w, r, http.StatusOK, "browse.tmpl", view)
}

// pageLink is the address of a page of what passes a filter.
func pageLink(filter url.Values, page int64) string {
	filter.Set("page", strconv.FormatInt(page, 10))
	defer filter.Del("page")
	return "/browse?" + filter.Encode()
}

// row shows one picture, and the person's other pictures.
func (s *Server) row(w http.ResponseWriter, r *http.Request) {
	row, ok := s.rowOf(r.PathValue("row"))
	if !ok {
		s.fail(w, r, http.StatusNotFound, "There is no such row.", nil)
		return
	}
	c, err := s.readCrop(r.Context(), row)
	if err != nil {
		s.fail(w, r, http.StatusInternalServerError, "The row cannot be read.", err)
		return
	}
	view := struct {
		top
		Crop           crop
		Previous, Next int64 // -1: none
		Others         int64
		Strip          []crop
	}{top: s.top("Row "+strconv.FormatInt(row, 10), "browse"), Crop: c, Previous: row - 1, Next: row + 1}
	if view.Next == s.config.Data.NumRows() {
		view.Next = -1
	}
	if id := s.catalogue.ids[row]; id != unreadable {
		total, rows := s.catalogue.find(filter{id: &id}, 0, stripRows)
		view.Others = total - 1
		for _, other := range rows {
			if other != row {
				o := crop{Row: other, Picture: picture{Src: "/image/" + strconv.FormatInt(other, 10)}}
				view.Strip = append(view.Strip, o)
			}
		}
	}
	s.show(w, r, http.StatusOK, "row.tmpl", view)
}
