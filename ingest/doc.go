// Package ingest turns person datasets, each in the layout of its release, into
// the shards of package parquet.
//
// A reader is a Source: it knows one layout and gives a stream of identities
// with their images, unread. Write does the rest, the same for every layout:
//
//	skip the identities that whole shards of an earlier run hold
//	for each image, by several workers:
//	    read its bytes                      // Source.Read
//	    learn its size, or why it is unfit  // Options.Examine
//	in the order of the stream:
//	    a fit image becomes a row, its bytes untouched
//	    an unfit one becomes a line of rejects.jsonl
//	    Mark after each identity            // where a later run may go on
//
// So the output depends on the source and the options alone, not on the number
// of workers nor on how often the run was interrupted.
//
// Readers never leave the folder they are given: it is opened as an os.Root, and
// a symbolic link that leads out of it is listed as unfit, not followed.
package ingest
