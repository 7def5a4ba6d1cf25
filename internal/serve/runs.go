package serve

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"plip/internal/report"
	"plip/internal/runlog"
)

// watchedRun is a training run whose log is read as it grows.
type watchedRun struct {
	Run
	mutex    sync.Mutex
	follower *runlog.Follower
}

func newWatchedRun(r Run) *watchedRun {
	return &watchedRun{Run: r, follower: runlog.Follow(filepath.Join(r.Dir, runlog.MetricsFile))}
}

// state is what a run's log says now.
type state struct {
	Name    string
	Number  int
	Steps   int64 // of the last line
	Loss    string
	Age     string // since the last line
	Running bool   // a line came in the last minute
	Missing string // why there is nothing to see
	Charts  []template.HTML
}

// read reads the log. draw makes the charts as well.
func (s *Server) readRun(number int, draw bool) (state, error) {
	run := s.runs[number]
	run.mutex.Lock()
	defer run.mutex.Unlock()
	v := state{Name: run.Name, Number: number}
	records, changed, err := run.follower.Read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.Missing = "nothing recorded yet"
		return v, nil
	case err != nil:
		return v, err
	case len(records) == 0:
		v.Missing = "nothing recorded yet"
		return v, nil
	}
	v.Steps = records[len(records)-1].Step
	for _, r := range slices.Backward(records) {
		if loss, ok := r.Get("loss"); ok {
			v.Loss = strconv.FormatFloat(loss, 'g', 4, 64)
			break
		}
	}
	since := time.Since(changed)
	v.Age, v.Running = age(since), since < time.Minute
	if draw {
		v.Charts, err = charts(records)
	}
	return v, err
}

// age puts a duration into words.
func age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s ago", max(d.Seconds(), 0))
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min ago", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h ago", d.Hours())
	default:
		return fmt.Sprintf("%.0f days ago", d.Hours()/24)
	}
}

// charts draws every figure of a log over the steps: the loss first, the rest by name, figures that never change left
// out. What is not finite has no place on a curve; how many there were is said below it.
func charts(records []runlog.Record) ([]template.HTML, error) {
	series, lost := map[string]*report.Series{}, map[string]int{}
	for _, r := range records {
		for _, f := range r.Fields {
			if math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
				lost[f.Name]++
				continue
			}
			s := series[f.Name]
			if s == nil {
				s = &report.Series{Name: f.Name}
				series[f.Name] = s
			}
			if n := len(s.X); n > 0 && float64(r.Step) < s.X[n-1] {
				return nil, fmt.Errorf("step %d comes after step %v", r.Step, s.X[n-1])
			}
			s.X, s.Y = append(s.X, float64(r.Step)), append(s.Y, f.Value)
		}
	}
	names := slices.SortedFunc(maps.Keys(series), func(a, b string) int {
		return strings.Compare(chartRank(a), chartRank(b))
	})
	var out []template.HTML
	for _, name := range names {
		s := series[name]
		if len(s.Y) > 1 && slices.Min(s.Y) == slices.Max(s.Y) {
			continue
		}
		c := report.Curve{Title: name, XLabel: "step", Series: []report.Series{*s}}
		if n := lost[name]; n > 0 {
			c.Note = fmt.Sprintf("%d values that are not finite are left out.", n)
		}
		chart, err := report.Chart(c)
		if err != nil {
			return nil, err
		}
		out = append(out, chart)
	}
	return out, nil
}

// chartRank sorts losses before what is measured, and the bookkeeping after both.
func chartRank(name string) string {
	switch name {
	case "loss":
		return "0"
	case "epoch", "lr":
		return "2" + name
	default:
		return "1" + name
	}
}

// listRuns lists the runs.
func (s *Server) listRuns(w http.ResponseWriter, r *http.Request) {
	view := struct {
		top
		States []state
	}{top: s.top("Training runs", "runs")}
	for i := range s.runs {
		v, err := s.readRun(i, false)
		if err != nil {
			s.config.Log("run %s: %v", s.runs[i].Name, err)
			v.Missing = "the log cannot be read"
		}
		view.States = append(view.States, v)
	}
	s.show(w, r, http.StatusOK, "runs.tmpl", view)
}

// runOf reads the run of a request. ok is false when an answer was given already.
func (s *Server) runOf(w http.ResponseWriter, r *http.Request) (v state, ok bool) {
	number, err := strconv.Atoi(r.PathValue("run"))
	if err != nil || number < 0 || number >= len(s.runs) {
		s.fail(w, r, http.StatusNotFound, "There is no such run.", nil)
		return v, false
	}
	if v, err = s.readRun(number, true); err != nil {
		s.fail(w, r, http.StatusInternalServerError, "The run's log cannot be read.", err)
		return v, false
	}
	return v, true
}

// showRun shows the curves of a run with its settings.
func (s *Server) showRun(w http.ResponseWriter, r *http.Request) {
	v, ok := s.runOf(w, r)
	if !ok {
		return
	}
	view := struct {
		top
		State    state
		Command  string
		Settings []report.Setting
	}{top: s.top("Run "+v.Name, "runs"), State: v}
	var run runlog.Run
	switch err := runlog.ReadJSON(filepath.Join(s.runs[v.Number].Dir, runlog.RunFile), &run); {
	case err == nil:
		view.Command = run.Command
		for _, name := range slices.Sorted(maps.Keys(run.Config)) {
			view.Settings = append(view.Settings, report.Setting{Name: name, Value: run.Config[name]})
		}
	case !errors.Is(err, fs.ErrNotExist): // not every run has one
		s.config.Log("run %s: %v", v.Name, err)
	}
	s.show(w, r, http.StatusOK, "run.tmpl", view)
}

// showCurves answers with the part of that page that changes.
func (s *Server) showCurves(w http.ResponseWriter, r *http.Request) {
	if v, ok := s.runOf(w, r); ok {
		s.show(w, r, http.StatusOK, "curves", v)
	}
}
