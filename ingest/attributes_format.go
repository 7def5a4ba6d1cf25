package ingest

import "os"

// attributeFormats are the datasets of labelled attributes. Those are one label an
// attribute, in the column labels; the column attributes stays empty.
func attributeFormats() []Format {
	const labels = "\n\nThe column labels holds the attributes that published figures are about, in the\n" +
		"order of the release; the shards name them."
	return []Format{
		{
			Name: "peta", Partitions: true,
			Long: "peta reads PETA.mat, which lies in SRC or is SRC, and its images: the renamed pack\n" +
				"(images/00001.png, ...) or the original archives (PETA dataset/CUHK/archive/...).\n" +
				"Persons are those of PETA.mat. Of its five random partitions the first sets the\n" +
				"splits; an identity may be in several. Without PETA.mat the labels are those of\n" +
				"the archives (Label.txt), and there are no splits." + labels,
			Open:   openPETA,
			Detect: detectPETA,
			Published: []Published{
				{Split: splitTrain, Identities: -1, Images: 9500, Captions: -1},
				{Split: splitValid, Identities: -1, Images: 1900, Captions: -1},
				{Split: splitTest, Identities: -1, Images: 7600, Captions: -1},
				{Identities: 8699, Images: 19000, Captions: -1},
			},
		},
		{
			Name: "pa100k",
			Long: "pa100k reads annotation.mat of PA-100K, which lies in SRC or is SRC, and its images,\n" +
				"in data (data/000001.jpg, ...). Nobody says who is on an image, so each is an\n" +
				"identity of its own." + labels,
			Open:   openPA100K,
			Detect: detectMat(annotationsPA100K[:]),
			Published: []Published{
				{Split: splitTrain, Identities: -1, Images: 80000, Captions: -1},
				{Split: splitValid, Identities: -1, Images: 10000, Captions: -1},
				{Split: splitTest, Identities: -1, Images: 10000, Captions: -1},
				{Identities: -1, Images: 100000, Captions: -1},
			},
		},
		{
			Name: "rap", Partitions: true,
			Long: "rap reads RAP_annotation.mat of RAP v1 or v2, which lies in SRC, in RAP_annotation or\n" +
				"is SRC, and its images, in RAP_dataset. Label 2 is an uncertain one. Of the five\n" +
				"random partitions the first sets the splits; v1 has no validation part. Images\n" +
				"without a known person, in v1 all, are identities of their own. Published are\n" +
				"41,585 images for v1 and 84,928 for v2." + labels,
			Open:   openRAP,
			Detect: detectMat(annotationsRAP[:]),
			// The two releases differ in every count, so Open notes those of the one it meets.
		},
	}
}

// detectMat finds a release by the name of its annotations and their first bytes.
func detectMat(names []string) func(src string) (bool, error) {
	return func(src string) (bool, error) {
		info, err := os.Stat(src)
		if err != nil {
			return false, err
		}
		if !info.IsDir() {
			return isAnnotationFile(src, names)
		}
		file := lookFor(src, names)
		if file == "" {
			return false, nil
		}
		return hasMatHeader(file)
	}
}
