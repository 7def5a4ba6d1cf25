// Package export writes shards in the layouts of other programs: the way back of
// package ingest.
//
// Whatever the layout, the rows are taken in batches of whole identities, and
// nothing stands under its final name before it is whole:
//
//	OUT/.tmp-export/state.json   rows done, and the lengths of the growing files
//	OUT/.tmp-export/new/...      files of the batch under way
//	OUT/.tmp-export/text/...     growing files: annotations, one line a row
//
//	lock OUT; read state.json, or write the first one
//	cut the growing files back to the lengths of state.json, empty new/
//	for each batch after the rows done:
//	    write its pictures, or its tar, into new/ and its lines into text/
//	    sync the file system
//	    rename what is in new/ into place
//	    write the next state.json, sync, rename it
//	give the growing files their names
//	write OUT/export.json, remove .tmp-export
//
// A run that was killed is continued by the same call, from the last state.json
// on. What it had placed of the batch after it is written over with the same
// bytes, so the result is that of an undisturbed run. export.json, the last file,
// marks a finished export and keeps its configuration and counts.
//
// Names in OUT are made of identities, counters and splits that are plain words,
// and all files are made below an os.Root: no row can write outside OUT.
package export
