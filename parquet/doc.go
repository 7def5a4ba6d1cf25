// Package parquet owns the dataset format that every stage of the pipeline reads
// and writes: a directory of Parquet shards with a manifest.
//
//	run.json              the configuration in force, written first
//	part-00000.parquet    shards, numbered from 0 without gaps
//	part-00001.parquet
//	rejects.jsonl         inputs that were left out, one JSON object a line
//	README.md             dataset card, by which the datasets library finds the shards
//	dataset.json          the manifest, written last
//
// A directory with dataset.json is finished; one without it is an unfinished
// run, which Create resumes. None of the files holds a time, a host name or an
// absolute path, so the same rows written with the same options give the same
// bytes.
//
// # Columns
//
//	image             struct<bytes: binary, path: string>  the encoded file as it was found
//	id                int64         identity
//	file_path         string        relative, slash-separated
//	camera            int32         optional column
//	split             string        optional column
//	source            string        dataset name
//	width, height     int32         pixels
//	attributes        list<string>  six slots or empty
//	captions          list<string>  in style order
//	prompt_caption    list<string>
//	labels            list<int8>    optional column
//	embedding         list<float32> optional column
//	truth_id          int64         optional column: the drawn identity of a made corpus
//	truth_attributes  list<string>  optional column
//
// The schema lets every value be null, because the datasets library asks for
// that; only values of optional columns are.
//
// Image bytes are stored plain, without compression, dictionary or bounds;
// every other column is compressed with zstd. Every page carries a CRC-32.
//
// # Foreign files
//
// Files of other writers are read by these names, ours first; only a picture and
// an id must be there:
//
//	image           img, jpg, jpeg, png, image_bytes, bytes: bytes, or a struct with bytes
//	id              pid, person_id, identity
//	file_path       path, file_name
//	camera          camera_id, cam_id
//	captions        caption: a list, or one string
//	others          by our name alone
//
// # Footer keys
//
//	huggingface          features of the datasets library, so that pictures are shown as pictures
//	plip.schema_version  "1"
//	plip.consumed        inputs represented by this and all earlier shards; -1 when unknown
//	plip.rejects_bytes   length of rejects.jsonl that belongs to those inputs
//	plip.identities      identities in this shard
//	plip.captions        strings in the captions column of this shard
//	plip.embedding_dim   length of every embedding, when the column is there
//	plip.label_names     JSON array, one name for each position of labels
//
// # Writing
//
//	w = Create(dir, options)         // lock, run.json, keep whole shards
//	skip w.Consumed() inputs
//	for each identity:
//	    w.Write(row)...              // a full shard is closed when the identity changes
//	    w.Mark(inputs consumed)
//	w.Close()                        // last shard, dataset.json
//
// A shard is written under a temporary name, synced, renamed, and the directory
// is synced. It is closed only between two identities, and only where Mark has
// said how many inputs lie behind it, so a resuming stage can go on from there
// without a row lost or doubled.
//
// # Reading
//
// Open reads our directories and foreign Parquet files alike. Only the column
// chunks that are asked for are read. Groups are the unit of concurrent reading,
// Scan streams with bounded memory and Visit lends its rows instead of giving them
// away, Row is random access through the page index.
// Section is a run of rows as a dataset of its own, for one task of an array job.
package parquet
