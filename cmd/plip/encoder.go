//go:build cgo

package main

import (
	"os"
	"path/filepath"

	"plip/internal/checkpoint"
	"plip/internal/pixels"
	"plip/internal/tensor"
	"plip/spac"
	"plip/trainer"
)

// encoder is a model that embeds images.
type encoder interface {
	// Input is the size in pixels and the normalisation of the images it takes.
	Input() (height, px int, norm pixels.Normalization)
	// Dim is the length of an embedding.
	Dim() int
	// EmbedImages embeds normalised images [N, 3, H, W] into [N, Dim], both row-major.
	EmbedImages(images []float32) ([]float32, error)
	// Embed is EmbedImages of a tensor on the model's device.
	Embed(images tensor.Tensor) tensor.Tensor
	// Fingerprint identifies its weights.
	Fingerprint() (string, error)
	Close()
}

// textEncoder embeds texts into the space of its images.
type textEncoder interface {
	encoder
	// EmbedTexts embeds texts into [N, Dim], row-major.
	EmbedTexts(texts []string) ([]float32, error)
}

// openEncoder opens a checkpoint of PLIP or of the captioner, which embeds images alone.
func openEncoder(device tensor.Device, path string, bf16 bool) (encoder, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() { // of the Python release
		return openPLIP(device, path, bf16, false)
	}
	dir, err := checkpoint.Resolve(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, trainer.VocabularyFile)); err == nil {
		return openPLIP(device, dir, bf16, false)
	}
	m, _, err := spac.LoadCaptioner(device, dir)
	if err != nil {
		return nil, err
	}
	return captionerEncoder{m}, nil
}

// openPLIP opens a checkpoint of PLIP, its parameters as training began with them if untrained.
func openPLIP(device tensor.Device, path string, bf16, untrained bool) (plipEncoder, error) {
	m, err := trainer.LoadModel(device, path, untrained)
	if err != nil {
		return plipEncoder{}, err
	}
	m.Config.Precision = trainer.PrecisionFP32
	if bf16 {
		m.Config.Precision = trainer.PrecisionBF16
	}
	return plipEncoder{m}, nil
}

// plipEncoder is PLIP as an encoder.
type plipEncoder struct{ *trainer.Model }

func (e plipEncoder) Input() (height, px int, norm pixels.Normalization) {
	return int(e.Config.Visual.Height), int(e.Config.Visual.Px), pixels.PLIP()
}

func (e plipEncoder) Fingerprint() (string, error) { return e.Store.Fingerprint() }

// captionerEncoder is the captioner's image encoder: the demo's filter compares its embeddings.
type captionerEncoder struct{ *spac.Captioner }

func (e captionerEncoder) Input() (height, px int, norm pixels.Normalization) {
	return int(e.Config.Height), int(e.Config.Px), pixels.ImageNet()
}

func (e captionerEncoder) Dim() int { return e.EmbedDim() }

func (e captionerEncoder) Fingerprint() (string, error) { return e.Store.Fingerprint() }

func (e captionerEncoder) EmbedImages(images []float32) (embeddings []float32, err error) {
	height, px := e.Config.Height, e.Config.Px
	err = tensor.Do(func(*tensor.Scope) error {
		x := tensor.FromFloat32(e.Store.Device(), images, int64(len(images))/(3*height*px), 3, height, px) // [N, 3, H, W]
		embeddings = e.Embed(x).Float32s()
		return nil
	})
	return embeddings, err
}
