package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// fetch asks the server that the last background command is for a page. A server takes connections before it is ready to
// answer, so there is nothing to wait for once it listens.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	commands := ts.BackgroundCmds()
	if neg || len(args) != 1 || len(commands) == 0 {
		ts.Fatalf("usage: fetch PATH, beside a server")
	}
	pid := commands[len(commands)-1].Process.Pid
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		port, err := listeningPort(pid)
		if err == nil {
			answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, args[0]))
			ts.Check(err)
			defer answer.Body.Close()
			_, err = io.Copy(ts.Stdout(), answer.Body)
			ts.Check(err)
			fmt.Fprintf(ts.Stdout(), "\nstatus %d\n", answer.StatusCode)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("process %d: want it to listen within a minute: %v", pid, err)
		}
	}
}

// listeningPort finds the TCP port that a process listens on, by the kernel's table of sockets.
func listeningPort(pid int) (uint64, error) {
	sockets, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return 0, err
	}
	own := map[string]bool{}
	for _, s := range sockets {
		if target, err := os.Readlink(s); err == nil { // a descriptor may be closed meanwhile
			own[target] = true
		}
	}
	for _, name := range []string{"tcp", "tcp6"} {
		table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, name))
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(table)) {
			const local, state, inode, listen = 1, 3, 9, "0A"
			f := strings.Fields(line)
			if len(f) > inode && f[state] == listen && own["socket:["+f[inode]+"]"] {
				return strconv.ParseUint(f[local][strings.LastIndexByte(f[local], ':')+1:], 16, 16)
			}
		}
	}
	return 0, fmt.Errorf("no socket of %d that listens", len(own))
}
