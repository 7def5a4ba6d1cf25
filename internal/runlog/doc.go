// Package runlog keeps what a run leaves in its folder beside its results, so
// that it can be followed, continued and compared:
//
//	run.json       the resolved configuration, written first; another one on the
//	               same folder is an error
//	metrics.jsonl  one JSON object a line: {"step": n, NAME: number, ...}, only
//	               ever appended; resuming at step k drops the lines after k
//	events.out.tfevents.plip  the same figures for TensorBoard
//	state.json     whatever the run needs to continue, replaced atomically
//
// Files hold no time, host or absolute path, so that two runs of the same
// configuration can be compared byte for byte. The one exception are rates a
// caller logs, such as images per second.
//
// WriteFile and CreateFile replace a file atomically: a kill at any moment
// leaves the old content or the new, never a part of one.
package runlog
