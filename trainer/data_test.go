package trainer

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"testing"

	"plip/internal/tensor"
	"plip/parquet"
)

// colours are identities that a model can learn in seconds: a flat picture, and its colour's name.
var colours = []struct {
	name string
	rgb  color.RGBA
}{
	{"red", color.RGBA{220, 30, 30, 255}}, {"green", color.RGBA{30, 200, 40, 255}}, {"blue", color.RGBA{30, 40, 220, 255}},
	{"yellow", color.RGBA{230, 220, 40, 255}}, {"white", color.RGBA{240, 240, 240, 255}}, {"black", color.RGBA{10, 10, 10, 255}},
	{"pink", color.RGBA{250, 140, 190, 255}}, {"brown", color.RGBA{110, 70, 30, 255}},
}

// colourDataset writes shards of several row groups, with perIdentity images of each colour, two captions and a prompt
// caption each. change, where it is not nil, edits rows before they are written.
func colourDataset(t *testing.T, dir string, perIdentity int, change func(i int, r *parquet.Row)) *parquet.Dataset {
	t.Helper()
	ctx := context.Background()
	o := parquet.DefaultWriterOptions()
	o.Source, o.RowGroupBytes = "test", 2000
	w, err := parquet.Create(ctx, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for id, c := range colours {
		for k := range perIdentity {
			m := image.NewRGBA(image.Rect(0, 0, 8, 16))
			for p := range 8 * 16 {
				shade := uint8((p*7 + k*13) % 16)
				m.Set(p%8, p/8, color.RGBA{c.rgb.R - min(shade, c.rgb.R), c.rgb.G - min(shade, c.rgb.G), c.rgb.B - min(shade, c.rgb.B), 255})
			}
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			r := &parquet.Row{Image: b.Bytes(), ImagePath: "x.png", ID: int64(id), FilePath: fmt.Sprintf("%s/%d.png", c.name, k), Source: "test", Width: 8, Height: 16,
				Captions: []string{"a person in " + c.name, "dressed all over in " + c.name + " from head to foot"}, PromptCaption: []string{"wears " + c.name}}
			if change != nil {
				change(i, r)
			}
			if err := w.Write(ctx, r); err != nil {
				t.Fatal(err)
			}
			i++
		}
		w.Mark(int64(i))
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ds.Close() })
	return ds
}

// tinyConfig is the preset of tests, with validation and checkpoints as the test wants them.
func tinyConfig(t *testing.T) Config {
	t.Helper()
	c, err := Preset("tiny")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tinyRun is a run on one thread: a machine under load makes several wait for each other.
func tinyRun(t *testing.T, dir string, ds *parquet.Dataset) Run {
	t.Helper()
	threads := tensor.Threads()
	tensor.SetThreads(1)
	t.Cleanup(func() { tensor.SetThreads(threads) })
	return Run{Dir: dir, Data: ds, Device: tensor.CPU, Workers: 2}
}
