//go:build cgo

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"plip/internal/pixels"
	"plip/internal/report"
	"plip/trainer"
)

// inspectImages is how many images the page of --inspect shows.
const inspectImages = 24

// inspectQuality is the JPEG quality of its pictures: what a model is fed should be seen, not the recoding.
const inspectQuality = 95

// inspectPage writes a page of the images and captions that the training is fed with, and what a checkpoint in the output
// folder makes of them.
func (o *pretrainOptions) inspectPage(ctx context.Context, run trainer.Run) error {
	samples, step, err := trainer.Inspect(ctx, o.config, run, inspectImages)
	if err != nil {
		return err
	}
	page := report.Report{Summary: report.Summary{
		Title: "What the pre-training is fed: " + filepath.Base(o.data),
		Lead: fmt.Sprintf("The first %d images of the first epoch, mirrored and resized as the model sees them, each with the caption drawn for it.",
			len(samples)),
		Facts: []report.Setting{{Name: "seed", Value: fmt.Sprint(o.config.Seed)}},
	}}
	if step >= 0 {
		page.Summary.Lead += fmt.Sprintf(" Beside them what the model of step %d makes of the gray image and the masked caption.", step)
		page.Summary.Facts = append(page.Summary.Facts, report.Setting{Name: "step", Value: fmt.Sprint(step)})
	}
	for _, s := range samples {
		sheet, err := sampleSheet(s)
		if err != nil {
			return fmt.Errorf("row %d (%s): %w", s.Row, s.File, err)
		}
		page.Sheets = append(page.Sheets, sheet)
	}
	if err := report.Write(ctx, o.inspect, page); err != nil {
		return err
	}
	return nil
}

// sampleSheet is one sample: the picture and what was made of it.
func sampleSheet(s trainer.Sample) (report.Sheet, error) {
	sheet := report.Sheet{Title: fmt.Sprintf("person %d · %s", s.ID, s.File), Note: fmt.Sprintf("row %d", s.Row)}
	for _, v := range []struct {
		label    string
		rgb      []uint8
		captions []report.Caption
	}{
		{"colour", s.Image, []report.Caption{{Label: "caption", Text: s.Caption}}},
		{"gray", s.Gray, []report.Caption{{Label: "masked", Text: s.Masked}, {Label: "guessed", Text: s.Guessed}}},
		{"colourised", s.Colorized, nil},
		{"colourised by another word", s.Recolored, []report.Caption{{Label: "swapped", Text: s.Swapped}}},
	} {
		crop := report.Crop{Label: v.label}
		for _, caption := range v.captions {
			if caption.Text != "" {
				crop.Captions = append(crop.Captions, caption)
			}
		}
		if v.rgb == nil && (v.label != "gray" || len(crop.Captions) == 0) {
			continue
		}
		if v.rgb != nil {
			var err error
			if crop.Image, err = pixels.EncodeJPEG(&pixels.Image{W: s.W, H: s.H, Pix: v.rgb}, inspectQuality); err != nil {
				return report.Sheet{}, err
			}
		}
		sheet.Crops = append(sheet.Crops, crop)
	}
	return sheet, nil
}
