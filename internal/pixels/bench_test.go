package pixels

import (
	"fmt"
	"testing"
)

// benchmarkFiles are person crops of growing size, as JPEG with 4:2:0 and 4:2:2 chroma and as PNG.
func benchmarkFiles() []string {
	return []string{"rgb444-64x128.jpg", "rgb420-128x256.jpg", "rgb422-300x500.jpg", "rgb-37x91.png", "rgba-64x128.png"}
}

func BenchmarkDecode(b *testing.B) {
	for _, file := range benchmarkFiles() {
		b.Run("file="+file, func(b *testing.B) {
			data := readFile(b, "preprocess", file)
			var m Image
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := DecodeInto(&m, data); err != nil {
					b.Fatal(err)
				}
			}
			reportImages(b)
		})
	}
}

func BenchmarkProbe(b *testing.B) {
	data := readFile(b, "preprocess", "rgb420-128x256.jpg")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Probe(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResize(b *testing.B) {
	for _, size := range [][2]int{{37, 91}, {64, 128}, {130, 300}, {300, 500}, {1080, 1920}} {
		b.Run(fmt.Sprintf("from=%dx%d/to=128x256", size[0], size[1]), func(b *testing.B) {
			src, dst := pattern(size[0], size[1]), make([]byte, 3*128*256)
			b.ReportAllocs()
			for b.Loop() {
				ResizeBicubic(dst, src, 128, 256)
			}
			reportImages(b)
		})
	}
}

func BenchmarkNormalize(b *testing.B) {
	src, dst := pattern(128, 256), make([]float32, 3*128*256)
	for _, flip := range []bool{false, true} {
		b.Run(fmt.Sprintf("size=128x256/flip=%t", flip), func(b *testing.B) {
			table := PLIP().Table()
			b.ReportAllocs()
			for b.Loop() {
				table.CHW(dst, src.Pix, 128, 256, flip)
			}
			reportImages(b)
		})
	}
}

// BenchmarkInput goes from the file to the network's input, as a loader's worker does.
func BenchmarkInput(b *testing.B) {
	for _, file := range benchmarkFiles() {
		b.Run("file="+file, func(b *testing.B) {
			data, table := readFile(b, "preprocess", file), PLIP().Table()
			rgb, dst := make([]byte, 3*128*256), make([]float32, 3*128*256)
			var m Image
			b.ReportAllocs()
			for b.Loop() {
				if err := DecodeInto(&m, data); err != nil {
					b.Fatal(err)
				}
				ResizeBicubic(rgb, &m, 128, 256)
				table.CHW(dst, rgb, 128, 256, false)
			}
			reportImages(b)
		})
	}
}

func BenchmarkEncodeJPEG(b *testing.B) {
	m, err := Decode(readFile(b, "preprocess", "rgb420-128x256.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeJPEG(m, 90); err != nil {
			b.Fatal(err)
		}
	}
	reportImages(b)
}

func reportImages(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
