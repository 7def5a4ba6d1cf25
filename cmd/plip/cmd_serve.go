//go:build cgo

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"plip/internal/pixels"
	"plip/internal/serve"
	"plip/parquet"
)

func serveCommand() command {
	return command{
		use:   "serve DIR",
		short: "Show shards, search and training runs as a web page",
		long: "serve answers a browser until it is interrupted, which is how it ends, with status 0:\n" +
			"the pictures of the shards DIR with what is said of them, filtered by attribute and\n" +
			"person; with --model, search by a sentence or a picture; with --run, the curves of\n" +
			"training runs as they grow. The first start with a model embeds the gallery and keeps\n" +
			"the index beside DIR, as search does.\n\n" +
			"It listens on this machine alone. On another address a token is asked for: that of\n" +
			"--token-file, or one that is made and printed at the start. There is no encryption:\n" +
			"over a network that others read, put it behind a tunnel or a proxy that encrypts.",
		example: `plip serve corpus/test --model model --run model --listen 127.0.0.1:0`,
		args:    exactly(1),
		result:  serveResult{},
		options: &serveOptions{},
	}
}

// serveResult is what `plip serve --json` prints when it begins to answer.
type serveResult struct {
	URL  string `json:"url" doc:"where a browser finds the page, with the token that was made for it"`
	Rows int64  `json:"rows" doc:"pictures that are shown"`
}

type serveOptions struct {
	model, listen, tokenFile string
	runs                     []string
	workers                  int
	device                   deviceFlags
}

func (o *serveOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.model, "model", "", "`folder` of a model to search with: a checkpoint, or the output of pretrain")
	f.StringSliceVar(&o.runs, "run", nil, "`folders` of training runs to watch; may be given several times")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.tokenFile, "token-file", "", "`file` with the token that visitors must bring, 16 bytes or more")
	addWorkers(f, &o.workers)
	o.device.addFlags(f)
}

func (o *serveOptions) validate([]string) error {
	problems := []error{checkWorkers(o.workers), o.device.validate()}
	if host, port, err := net.SplitHostPort(o.listen); err != nil {
		problems = append(problems, fmt.Errorf("--listen: want an address such as 127.0.0.1:8080, got %q", o.listen))
	} else {
		if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
			problems = append(problems, fmt.Errorf("--listen: want the number of an address, got %q", host))
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			problems = append(problems, fmt.Errorf("--listen: want a port of 0 to 65535, got %q", port))
		}
	}
	return errors.Join(problems...)
}

func (o *serveOptions) run(ctx context.Context, c *call) error {
	config, err := o.config(c)
	if err != nil {
		return err
	}
	ds, err := parquet.Open(c.args[0])
	if err != nil {
		return err
	}
	defer ds.Close()
	config.Data = ds
	listener, err := net.Listen("tcp", o.listen) // before the long work: a port that is taken is said at once
	if err != nil {
		return err
	}
	defer listener.Close()
	if o.model != "" {
		search, closeSearch, err := o.search(ctx, c, ds)
		if err != nil {
			return err
		}
		defer closeSearch()
		config.Search = search
	}
	server, err := serve.New(ctx, config)
	if err != nil {
		return err
	}
	shown := config.Token
	if o.tokenFile != "" {
		shown = "" // who started it has the token, and need not find it in a log
	}
	r := serveResult{URL: pageURL(listener.Addr(), shown), Rows: ds.NumRows()}
	if err := c.print(r, func(w io.Writer) { fmt.Fprintf(w, "%d pictures at\t%s\n", r.Rows, r.URL) }); err != nil {
		return err
	}
	return server.Serve(ctx, listener)
}

// config is what is known before anything large is opened.
func (o *serveOptions) config(c *call) (serve.Config, error) {
	name, err := filepath.Abs(c.args[0])
	if err != nil {
		return serve.Config{}, err
	}
	config := serve.Config{Name: filepath.Base(name), Log: c.logf, Loading: c.progress.Callback("read", "rows")}
	for _, dir := range o.runs {
		if info, err := os.Stat(dir); err != nil {
			return config, err
		} else if !info.IsDir() {
			return config, fmt.Errorf("--run: want a folder, got the file %s", dir)
		}
		config.Runs = append(config.Runs, serve.Run{Name: filepath.Base(filepath.Clean(dir)), Dir: dir})
	}
	config.Token, err = o.token()
	return config, err
}

const (
	minTokenBytes = 16
	maxTokenBytes = 1024
)

// token is what visitors must bring; "" where the address is this machine's own and no token is asked for.
func (o *serveOptions) token() (string, error) {
	if o.tokenFile != "" {
		f, err := os.Open(o.tokenFile)
		if err != nil {
			return "", err
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxTokenBytes+1))
		if err != nil {
			return "", err
		}
		token := strings.TrimSpace(string(data))
		if len(token) < minTokenBytes || len(data) > maxTokenBytes || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") != "" {
			return "", fmt.Errorf("%s: want %d to %d letters, digits or -._~, got %d bytes that are not", o.tokenFile, minTokenBytes, maxTokenBytes, len(data))
		}
		return token, nil
	}
	host, _, _ := net.SplitHostPort(o.listen) // was checked
	if address, err := netip.ParseAddr(host); host == "localhost" || err == nil && address.IsLoopback() {
		return "", nil
	}
	return rand.Text(), nil // 128 bits or more
}

// pageURL is where a browser finds the page. A server on all addresses is reached under the machine's name.
func pageURL(address net.Addr, token string) string {
	host, port, _ := net.SplitHostPort(address.String()) // a listener's address has both
	if a, err := netip.ParseAddr(host); err == nil && a.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	url := "http://" + net.JoinHostPort(host, port) + "/"
	if token != "" {
		url += "?token=" + token
	}
	return url
}

// search opens the model and the gallery's index, which is made where it is not there, and reads it once, so that the
// first visitor does not wait for the disk.
func (o *serveOptions) search(ctx context.Context, c *call, ds *parquet.Dataset) (s *serve.Search, closeSearch func(), err error) {
	device, _, err := o.device.apply()
	if err != nil {
		return nil, nil, err
	}
	e, err := openEncoder(device, o.model, o.device.precision == "bf16")
	if err != nil {
		return nil, nil, err
	}
	x, err := openIndex(ctx, c, e, ds, c.args[0], o.workers)
	if err == nil {
		if err = x.Verify(ctx, c.progress.Callback("check index", "bytes")); err != nil {
			err = errors.Join(err, x.Close())
		}
	}
	if err != nil {
		e.Close()
		return nil, nil, err
	}
	var one sync.Mutex // a model is used by one goroutine at a time
	s = &serve.Search{Model: filepath.Base(filepath.Clean(o.model)), Index: x}
	s.Image = func(_ context.Context, picture *pixels.Image) ([]float32, error) {
		one.Lock()
		defer one.Unlock()
		return embedPixels(e, picture)
	}
	if t, ok := e.(textEncoder); ok {
		s.Text = func(ctx context.Context, text string) ([]float32, error) {
			one.Lock()
			defer one.Unlock()
			return embedTexts(ctx, t, []string{text}, func(int) {})
		}
	}
	return s, func() { x.Close(); e.Close() }, nil
}
