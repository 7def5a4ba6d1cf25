package report

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	_ "image/gif"  // registers the format
	_ "image/jpeg" // registers the format
	_ "image/png"  // registers the format

	"github.com/disintegration/imaging"
	_ "golang.org/x/image/bmp"  // registers the format
	_ "golang.org/x/image/webp" // registers the format
)

const (
	maxPictureSide  = 320      // pixels; twice the largest size on the page, for dense screens
	maxPictureBytes = 48 << 10 // an untouched file above this is recoded
	maxPixels       = 64 << 20 // as internal/pixels refuses
	pictureQuality  = 85       // JPEG quality of a recoded picture
)

// picture is an image ready for the page, or the reason why there is none.
type picture struct {
	Src    template.URL
	W, H   int
	Reason string // set where Src is empty
}

// newPicture embeds an encoded image. A JPEG or PNG within the limits goes in untouched, all else is scaled down
// and recoded as JPEG. Bytes that are no picture give a picture with a Reason, because one bad crop must not
// cost the report of a long run.
func newPicture(data []byte) picture {
	if len(data) == 0 {
		return picture{Reason: "no picture"}
	}
	src, size, err := embedPicture(data)
	if err != nil {
		return picture{Reason: err.Error()}
	}
	return picture{Src: src, W: size.X, H: size.Y}
}

func embedPicture(data []byte) (template.URL, image.Point, error) {
	cfg, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "", image.Point{}, err
	}
	switch format {
	case "jpeg", "png", "gif", "bmp", "webp":
	default: // imaging registers TIFF, which the project does not read
		return "", image.Point{}, fmt.Errorf("image: want jpeg, png, gif, bmp or webp, got %s", format)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return "", image.Point{}, errors.New("image: empty")
	}
	if cfg.Width > maxPixels/cfg.Height {
		return "", image.Point{}, fmt.Errorf("image: want %d pixels or fewer, got %dx%d", maxPixels, cfg.Width, cfg.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(data)) // also where untouched: a broken file must show as broken
	if err != nil {
		return "", image.Point{}, err
	}
	small := cfg.Width <= maxPictureSide && cfg.Height <= maxPictureSide && len(data) <= maxPictureBytes
	if small && (format == "jpeg" || format == "png") {
		return dataURL("image/"+format, data), image.Pt(cfg.Width, cfg.Height), nil
	}
	thumb := imaging.Fit(img, maxPictureSide, maxPictureSide, imaging.Lanczos) // never enlarges
	var b bytes.Buffer
	if err := imaging.Encode(&b, thumb, imaging.JPEG, imaging.JPEGQuality(pictureQuality)); err != nil {
		return "", image.Point{}, err
	}
	return dataURL("image/jpeg", b.Bytes()), thumb.Bounds().Size(), nil
}

// dataURL is safe as template.URL: a fixed media type and the base64 alphabet.
func dataURL(mediaType string, data []byte) template.URL {
	return template.URL("data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(data))
}
