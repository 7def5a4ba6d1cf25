// Package split divides a dataset into its train, test and valid parts: an
// annotation file (one JSON array of records, as CUHK-PEDES, ICFG-PEDES and
// RSTPReid deliver it) or a dataset of shards.
//
// For annotation files it does what the dataset_split.py script of the Python
// release does, byte for byte: records go unchanged and in order to the train
// part when their "split" is "train", to the test part when it is "test", and
// to the valid part otherwise. Each part is written as Python's
// json.dump(records, file, indent=4) writes what json.load read:
//
//	[
//	    {
//	        "split": "train",
//	        "captions": [
//	            "A man \u2026"
//	        ]
//	    }
//	]
//
// That fixes: four spaces a level, [] and {} when empty, no final newline;
// text in ASCII with \uXXXX in lower case, lone surrogates included; integers
// of any size; floats in the shortest form that reads back equal; NaN, Infinity
// and -Infinity; of duplicate keys the last value at the first one's place.
//
// The departed train file, of use for training code that takes one caption a
// record, has for every train record and caption the record
// {split, id, file_path, captions: [one]} in this order of keys.
//
// The array is read as a stream: memory is bounded by the largest record.
package split
