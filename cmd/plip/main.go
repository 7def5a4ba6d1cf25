// Command plip makes person representation learning from images and text a
// set of resumable stages that meet in files: datasets become shards, shards
// get captions, captioned shards train a model, embeddings are scored.
//
// Rules for the streams: results go to standard output, as a table or with
// --json as one JSON object; everything else (logs, progress, errors, hints)
// goes to standard error. The exit status is 0 when the work is done, 1 when
// it failed, 2 for wrong usage or configuration, 130 when it was interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for a clean stop; restoring the default action lets
	// a second one end the process at once. A terminal and a job system signal
	// all processes of a run, and a parent passes the signal on: what follows
	// within a second is the same wish.
	forget := context.AfterFunc(ctx, func() {
		time.AfterFunc(time.Second, stop)
		if term.IsTerminal(int(os.Stderr.Fd())) {
			fmt.Fprintln(os.Stderr) // leave the line of a progress bar
		}
		fmt.Fprintln(os.Stderr, "plip: stopping at the next safe point (again: at once)")
	})
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	forget()
	stop()
	if err != nil {
		printError(os.Stderr, err)
	}
	os.Exit(exitStatus(err))
}

// run is the program: it executes the command that args name. A nil error
// means the work is done.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	root := newRoot(&streams{in: stdin, out: stdout, err: stderr})
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// exitStatus maps the outcome of run to the exit status.
func exitStatus(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage), isConfigMismatch(err):
		return 2
	case isInterruption(err):
		return 130
	default:
		return 1
	}
}

// printError writes err and the hints that belong to it.
func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "plip: %v\n", err)
	for _, hint := range hints(err) {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}
