// Package vectors owns the embedding file: what `plip embed` writes and
// `plip eval rank` and `plip search` read.
//
// It is one Parquet file, compressed with zstd but for the embeddings:
//
//	id         int64, nullable          identity
//	key        string                   file path of the picture, or the text
//	camera     int32, nullable, optional column
//	split      string, nullable, optional column
//	embedding  list<float32>            all of one length
//
// Files made by other tools are read too: columns in any order, id and camera
// of any integer type, embeddings of float32 or float64, other columns ignored;
// key, id, camera and split may be missing. A row without an embedding, or with
// one of another length, is an error that names file and row.
package vectors
