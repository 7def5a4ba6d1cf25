package export

import "plip/parquet"

// Format is a layout that shards are exported to.
type Format struct {
	Name string // on the command line
	Long string // what is written, for people: a few lines of at most 80 columns

	open func(d *parquet.Dataset, o *Options) layout
}

// Formats lists the layouts.
func Formats() []Format {
	return []Format{
		{
			Name: "synth-pedes",
			Long: "synth-pedes writes PartK/<id>/<n>.jpg and " + synthPedesName + ", as the\n" +
				"SYNTH-PEDES dataset is released: a record has id, file_path, attributes, captions\n" +
				"and prompt_caption. What such records cannot hold goes to " + provenanceName + ", one\n" +
				"line a picture: where it is from, camera, split, size, labels, embedding, and texts\n" +
				"that do not survive the form.",
			open: newSynthPedes,
		},
		{
			Name: "imagefolder",
			Long: "imagefolder writes <split>/<id>/<n>.jpg and <split>/" + metadataName + ", as the\n" +
				"datasets library reads folders of images; rows without a split are in the folder\n" +
				unsplit + ". " + cardName + " tells the library of the splits.",
			open: newImageFolder,
		},
		{
			Name: "webdataset",
			Long: "webdataset writes tar files part-00000.tar, ... of pairs key.jpg and key.json; the\n" +
				"key is the number of the row. A tar is closed between two identities, and equal\n" +
				"input gives equal bytes.",
			open: newWebDataset,
		},
	}
}

// layout writes rows in its own form.
type layout interface {
	// config are the settings that decide what is written.
	config() map[string]string
	// batchBytes is the size of pictures from which on a batch ends.
	batchBytes() int64
	// add puts one row into the batch.
	add(s *stage, at place, r *parquet.Row) error
	// endBatch completes the files of the batch.
	endBatch(s *stage) error
	// end completes the growing files after the last batch.
	end(s *stage) error
}

// place is where a row stands in the dataset. All count from 0.
type place struct {
	row      int64
	identity int64 // its identity, among those of the dataset
	n        int64 // within the identity
}
