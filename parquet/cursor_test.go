package parquet

import (
	"testing"
)

// TestCursorsInTurn reads two row groups in turn, a row at a time: what one
// gives back to the library's pools must not be in use by the other.
func TestCursorsInTurn(t *testing.T) {
	dir := t.TempDir()
	rows := madeRows(200)
	writeDataset(t, dir, fullOptions(), rows)
	d := openTest(t, dir)
	var cursors []*cursor
	for g := range 4 {
		c, err := d.shards[0].newCursor(g, 0, ColAll, keepRows)
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		cursors = append(cursors, c)
	}
	for i := range 5 {
		for g, c := range cursors {
			var got [1]Row
			var bad [1]*columnError
			if err := c.next(got[:], bad[:]); err != nil {
				t.Fatal(err)
			}
			if diff := diffRows(rows[d.groups[g].FirstRow+int64(i)], got[0]); diff != "" {
				t.Errorf("group %d: row %d (-want +got):\n%s", g, i, diff)
			}
		}
	}
}
