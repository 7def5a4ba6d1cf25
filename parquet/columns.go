package parquet

import (
	"fmt"
	"math"
	"strings"

	pq "github.com/parquet-go/parquet-go"
)

// column is a leaf column of a file and what it fills in a Row.
type column struct {
	name  string // ours, whatever the file calls it
	group Columns
	leaf  int
	// emptyLevel is the definition level of an empty list, below which the list
	// itself is null.
	emptyLevel int
	maxRep     byte
	maxDef     byte
	isList     bool
	unsigned   bool
	wanted     pq.Kind
	set        setFunc
	plain      plainSetter // of our own files
	keepsPage  bool        // values point into the page
	interns    bool        // few different strings
}

// setFunc stores the values of one row. A list that is null or empty, and a
// scalar that is null, arrive as one null value.
type setFunc func(c *column, r *Row, values []pq.Value, in *interner) error

// wantedColumn is a column of Row with the names under which foreign files have
// it, ours first.
type wantedColumn struct {
	names []string
	group Columns
	set   setFunc
	plain plainSetter
	kinds []pq.Kind
	list  bool // a list, or one scalar in its place
}

func wantedColumns() []wantedColumn {
	ints := []pq.Kind{pq.Int32, pq.Int64}
	text := []pq.Kind{pq.ByteArray}
	floats := []pq.Kind{pq.Float, pq.Double}
	return []wantedColumn{
		{[]string{"id", "pid", "person_id", "identity"}, ColMeta, setID, plainIDs, ints, false},
		{[]string{"file_path", "path", "file_name"}, ColMeta, setString(func(r *Row) *string { return &r.FilePath }), plainTexts(func(r *Row) *string { return &r.FilePath }), text, false},
		{[]string{"camera", "camera_id", "cam_id"}, ColMeta, setCamera, plainCameras, ints, false},
		{[]string{"split"}, ColMeta, setString(func(r *Row) *string { return &r.Split }), plainTexts(func(r *Row) *string { return &r.Split }), text, false},
		{[]string{"source"}, ColMeta, setString(func(r *Row) *string { return &r.Source }), plainTexts(func(r *Row) *string { return &r.Source }), text, false},
		{[]string{"width"}, ColMeta, setInt32(func(r *Row) *int32 { return &r.Width }), plainInt32s(func(r *Row) *int32 { return &r.Width }), ints, false},
		{[]string{"height"}, ColMeta, setInt32(func(r *Row) *int32 { return &r.Height }), plainInt32s(func(r *Row) *int32 { return &r.Height }), ints, false},
		{[]string{"attributes"}, ColText, setStrings(func(r *Row) *[]string { return &r.Attributes }, false), plainLists(func(r *Row) *[]string { return &r.Attributes }, false), text, true},
		{[]string{"captions", "caption"}, ColText, setStrings(func(r *Row) *[]string { return &r.Captions }, false), plainLists(func(r *Row) *[]string { return &r.Captions }, false), text, true},
		{[]string{"prompt_caption"}, ColText, setStrings(func(r *Row) *[]string { return &r.PromptCaption }, false), plainLists(func(r *Row) *[]string { return &r.PromptCaption }, false), text, true},
		{[]string{"labels"}, ColLabels, setLabels, plainLabels, ints, true},
		{[]string{"embedding"}, ColEmbedding, setEmbedding, plainEmbeddings, floats, true},
		{[]string{"truth_id"}, ColTruth, setTruthID, plainTruthIDs, ints, false},
		{[]string{"truth_attributes"}, ColTruth, setStrings(func(r *Row) *[]string { return &r.TruthAttributes }, true), plainLists(func(r *Row) *[]string { return &r.TruthAttributes }, true), text, true},
	}
}

// findColumns maps the columns of a file to Row. Image and id must be there; a
// column that is there with another type is an error.
func findColumns(root *pq.Column) ([]column, error) {
	columns, err := findImage(root)
	if err != nil {
		return nil, err
	}
	hasID, hasPath := false, false
	for _, w := range wantedColumns() {
		top := firstColumn(root, w.names)
		if top == nil {
			continue
		}
		c, err := leafOf(top, w.kinds, w.list)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", top.Name(), err)
		}
		c.name, c.group, c.set, c.plain = w.names[0], w.group, w.set, w.plain
		c.interns = w.names[0] == "attributes" || w.names[0] == "split" || w.names[0] == "source" || w.names[0] == "truth_attributes"
		hasID, hasPath = hasID || c.name == "id", hasPath || c.name == "file_path"
		columns = append(columns, c)
	}
	if !hasID {
		return nil, fmt.Errorf("want an integer column %q, got columns %s", "id", columnNames(root))
	}
	if !hasPath && len(columns) > 1 && columns[1].name == "image" {
		columns[1].group |= ColMeta // the picture's own name stands in for file_path
	}
	return columns, nil
}

// findImage finds the picture: a struct of bytes and path as the datasets
// library writes it, or a plain column of bytes.
func findImage(root *pq.Column) ([]column, error) {
	top := firstColumn(root, []string{"image", "img", "jpg", "jpeg", "png", "image_bytes", "bytes"})
	if top == nil {
		return nil, fmt.Errorf("want a column %q of bytes, or a struct with bytes, got columns %s", "image", columnNames(root))
	}
	data, path := top, (*pq.Column)(nil)
	if !top.Leaf() {
		if data = top.Column("bytes"); data == nil {
			return nil, fmt.Errorf("column %q: want a field %q, got fields %s", top.Name(), "bytes", columnNames(top))
		}
		path = top.Column("path")
	}
	c, err := leafOf(data, []pq.Kind{pq.ByteArray}, false)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", top.Name(), err)
	}
	c.name, c.group, c.set, c.plain, c.keepsPage = "image", ColImage, setImage, plainPictures, true
	columns := []column{c}
	if path != nil {
		c, err := leafOf(path, []pq.Kind{pq.ByteArray}, false)
		if err != nil {
			return nil, fmt.Errorf("column %q: path: %w", top.Name(), err)
		}
		imagePath := func(r *Row) *string { return &r.ImagePath }
		c.name, c.group, c.set, c.plain = "image", ColImage, setString(imagePath), plainTexts(imagePath)
		columns = append(columns, c)
	}
	return columns, nil
}

func firstColumn(root *pq.Column, names []string) *pq.Column {
	for _, name := range names {
		if c := root.Column(name); c != nil {
			return c
		}
	}
	return nil
}

func columnNames(c *pq.Column) string {
	var names []string
	for _, child := range c.Columns() {
		names = append(names, child.Name())
	}
	return fmt.Sprintf("%q", names)
}

// leafOf descends to the one leaf below c and checks that it has one of the
// kinds. Every way of writing a list, old or new, is one leaf below one repeated
// group.
func leafOf(c *pq.Column, kinds []pq.Kind, allowList bool) (column, error) {
	level := 0
	found := column{emptyLevel: -1}
	for {
		switch {
		case c.Repeated() && found.isList:
			return column{}, fmt.Errorf("want one list, got a list of lists")
		case c.Repeated():
			found.isList, found.emptyLevel, found.maxRep = true, level, 1
			level++
		case c.Optional():
			level++
		}
		if c.Leaf() {
			break
		}
		if len(c.Columns()) != 1 {
			return column{}, fmt.Errorf("want one value, got fields %s", columnNames(c))
		}
		c = c.Columns()[0]
	}
	if found.isList && !allowList {
		return column{}, fmt.Errorf("want one value a row, got a list")
	}
	kind := c.Type().Kind()
	for _, k := range kinds {
		if k == kind {
			found.leaf, found.wanted, found.maxDef = c.Index(), kind, byte(level)
			found.unsigned = strings.HasPrefix(c.Type().String(), "INT(") && strings.HasSuffix(c.Type().String(), "false)")
			return found, nil
		}
	}
	return column{}, fmt.Errorf("want %v, got %v", kinds, c.Type())
}

// integer widens any integer column.
func (c *column) integer(v pq.Value) (int64, error) {
	switch {
	case c.wanted == pq.Int32 && c.unsigned:
		return int64(v.Uint32()), nil
	case c.wanted == pq.Int32:
		return int64(v.Int32()), nil
	case c.unsigned && v.Uint64() > math.MaxInt64:
		return 0, fmt.Errorf("want at most %d, got %d", int64(math.MaxInt64), v.Uint64())
	}
	return v.Int64(), nil
}

func (c *column) integer32(v pq.Value) (int32, error) {
	n, err := c.integer(v)
	if err == nil && n != int64(int32(n)) {
		err = fmt.Errorf("want 32 bits, got %d", n)
	}
	return int32(n), err
}
