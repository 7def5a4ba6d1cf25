package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"plip": main})
}

// TestScript runs testdata/script: one script per command. Beside the usual
// commands, `status N COMMAND...` runs a command that must end with status N,
// and `same FILE WANT` compares with a file of the script whose last line has no
// end, which the format of scripts cannot express. `waitfile FILE` waits until
// a background command has made the file; `fetch PATH` prints what the last
// background command, a server, answers.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		// Scripts run side by side: threads that wait for each other must not spin, or tiny models take ten times as long.
		Setup: func(e *testscript.Env) error {
			e.Setenv("OMP_WAIT_POLICY", "passive")
			return nil
		},
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:               map[string]func(*testscript.TestScript, bool, []string){"status": status, "same": same, "waitfile": waitFile, "pictures": pictureFiles, "mat": matRelease, "vectors": vectorsFile, "embed": embedTruth, "fetch": fetch, "samerows": sameRows, "sametexts": sameTexts},
	})
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("status of %v: want %d, got %d", args[1:], want, got)
	}
}

func same(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: same FILE WANT")
	}
	want := strings.TrimSuffix(ts.ReadFile(args[1]), "\n")
	if got := ts.ReadFile(args[0]); got != want {
		ts.Fatalf("%s: want\n%s\ngot\n%s", args[0], want, got)
	}
}

func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfile FILE")
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: want it within a minute, got nothing", args[0])
		}
	}
}

// TestExamplesRun checks that every command has an example and that a script
// runs it as it is printed.
func TestExamplesRun(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var scripts strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(data)
	}
	walk(commands(), "plip", func(path string, c command) {
		if !strings.HasPrefix(c.example, path) {
			t.Errorf("%s: want an example that begins with %q, got %q", path, path, c.example)
		}
		line := regexp.MustCompile(`(?m)^exec ` + regexp.QuoteMeta(c.example) + `( &\w+&)?$`) // a server goes on beside the script
		if !line.MatchString(scripts.String()) {
			t.Errorf("%s: no script has the line: exec %s", path, c.example)
		}
	})
}

// TestHelp checks that every command and topic has help, on standard output.
func TestHelp(t *testing.T) {
	topics := [][]string{{"help"}, {"help", "config"}, {"help", "json"}}
	walk(commands(), "", func(path string, _ command) {
		topics = append(topics, append([]string{"help"}, strings.Fields(path)...))
	})
	for _, args := range topics {
		var out, stderr strings.Builder
		if err := run(context.Background(), args, strings.NewReader(""), &out, &stderr); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		if out.Len() == 0 || stderr.Len() != 0 {
			t.Errorf("%v: want help on standard output alone, got %d bytes there and %q on standard error", args, out.Len(), &stderr)
		}
	}
}
