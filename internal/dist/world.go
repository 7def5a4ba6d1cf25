package dist

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// World is the place of this process among those that train together.
type World struct {
	Rank, Size           int    // Size is 1 where the process is alone; then the rest is not set
	LocalRank, LocalSize int    // among the processes of this machine
	Host                 string // of rank 0
	Port                 int
	Serve                bool   // this process opens the store at Host; else rank 0 or the launcher does
	Prefix               string // of the store's keys: a launcher that starts everything again gives another
	Sockets              bool   // sums go over Gloo's connections also where all ranks are on one machine, or have devices for NCCL
	Interface            string // network interface that the others reach this process by; "": the one towards Host
}

// alone is a process without others.
func alone() World { return World{Size: 1, LocalSize: 1} }

// FromEnv reads the variables that launchers set; getenv looks one up.
//
//	torchrun, Kubeflow   RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT; LOCAL_RANK and LOCAL_WORLD_SIZE where they are set
//	srun                 SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID; the first host of SLURM_STEP_NODELIST and a
//	                     port by SLURM_JOB_ID, unless MASTER_ADDR and MASTER_PORT are set
//
// GLOO_SOCKET_IFNAME names the network interface, as with PyTorch; PLIP_RANKS=sockets, for all ranks, keeps them
// from summing through the memory of one machine and over NCCL. In a batch script srun sets nothing: what is started
// there without it is alone, however many tasks the job has.
func FromEnv(getenv func(string) string) (World, error) {
	switch {
	case getenv("RANK") != "" || getenv("WORLD_SIZE") != "":
		return fromTorchrun(getenv)
	case getenv("SLURM_STEP_NUM_TASKS") != "" && getenv("SLURM_PROCID") != "":
		return fromSlurm(getenv)
	}
	return alone(), nil
}

func fromTorchrun(getenv func(string) string) (World, error) {
	r := reader{getenv: getenv}
	w := World{Rank: r.number("RANK", -1), Size: r.number("WORLD_SIZE", -1), Host: getenv("MASTER_ADDR"), Port: r.number("MASTER_PORT", 0), Interface: getenv("GLOO_SOCKET_IFNAME"), Sockets: getenv("PLIP_RANKS") == "sockets"}
	w.LocalSize = r.number("LOCAL_WORLD_SIZE", 1)
	w.LocalRank = r.number("LOCAL_RANK", 0)
	w.Serve = w.Rank == 0
	w.Prefix = "plip"
	if getenv("TORCHELASTIC_USE_AGENT_STORE") == "True" { // torchrun's agent serves the store, also after a restart of all ranks
		w.Serve = false
		w.Prefix += "/" + getenv("TORCHELASTIC_RUN_ID") + "/" + getenv("TORCHELASTIC_RESTART_COUNT")
	}
	return w.checked(r.problems)
}

func fromSlurm(getenv func(string) string) (World, error) {
	r := reader{getenv: getenv}
	w := World{Rank: r.number("SLURM_PROCID", -1), Size: r.number("SLURM_STEP_NUM_TASKS", -1), Host: getenv("MASTER_ADDR"), Interface: getenv("GLOO_SOCKET_IFNAME"), Sockets: getenv("PLIP_RANKS") == "sockets"}
	w.LocalRank = r.number("SLURM_LOCALID", 0)
	w.LocalSize = tasksOfNode(getenv("SLURM_STEP_TASKS_PER_NODE"), r.number("SLURM_NODEID", 0))
	if w.Host == "" {
		w.Host = firstHost(getenv("SLURM_STEP_NODELIST"))
	}
	// Steps of one job, and jobs that share a machine, get ports of their own.
	w.Port = r.number("MASTER_PORT", 20000+(r.number("SLURM_JOB_ID", 0)*7+r.number("SLURM_STEP_ID", 0))%20000)
	w.Serve = w.Rank == 0
	w.Prefix = "plip"
	return w.checked(r.problems)
}

// checked joins every problem of the variables. A world of one is alone, whatever else is set.
func (w World) checked(problems []error) (World, error) {
	if len(problems) == 0 && w.Size == 1 && w.Rank == 0 {
		return alone(), nil
	}
	add := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	add(w.Size >= 1, "want 1 rank or more, got %d", w.Size)
	add(w.Rank >= 0 && w.Rank < max(1, w.Size), "want a rank in 0..%d, got %d", max(1, w.Size)-1, w.Rank)
	add(w.LocalSize >= 1 && w.LocalRank >= 0, "want a local rank from 0 among 1 or more, got %d of %d", w.LocalRank, w.LocalSize)
	add(w.Host != "", "MASTER_ADDR: want the host of rank 0, got nothing")
	add(w.Port > 0 && w.Port < 1<<16, "MASTER_PORT: want a port in 1..65535, got %d", w.Port)
	if err := errors.Join(problems...); err != nil {
		return World{}, fmt.Errorf("environment of the ranks: %w", err)
	}
	return w, nil
}

// reader collects what is wrong with variables.
type reader struct {
	getenv   func(string) string
	problems []error
}

// number is the value of a variable; where it is not set, other, which must not be negative.
func (r *reader) number(name string, other int) int {
	v := r.getenv(name)
	if v == "" && other >= 0 {
		return other
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		r.problems = append(r.problems, fmt.Errorf("%s: want a number from 0, got %q", name, v))
		return 0
	}
	return n
}

// tasksOfNode reads Slurm's list of tasks by node, such as "2(x3),1": how many the node of that index has, 1 where the
// list does not say.
func tasksOfNode(list string, node int) int {
	for _, entry := range strings.Split(list, ",") {
		count, times, repeated := strings.Cut(strings.TrimSuffix(entry, ")"), "(x")
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 {
			return 1
		}
		k := 1
		if repeated {
			if k, err = strconv.Atoi(times); err != nil {
				return 1
			}
		}
		if node < k {
			return n
		}
		node -= k
	}
	return 1
}

// firstHost is the first of a list of hosts as Slurm writes it, such as "node[07-09,12]b,other".
func firstHost(list string) string {
	open := strings.IndexByte(list, '[')
	if comma := strings.IndexByte(list, ','); comma >= 0 && (open < 0 || comma < open) {
		return list[:comma]
	}
	if open < 0 {
		return list
	}
	end := strings.IndexByte(list, ']')
	if end < open {
		return list
	}
	number := list[open+1 : end]
	if i := strings.IndexAny(number, "-,"); i >= 0 {
		number = number[:i]
	}
	rest := list[end+1:]
	if i := strings.IndexByte(rest, ','); i >= 0 && !strings.Contains(rest[:i], "[") {
		rest = rest[:i]
	}
	return list[:open] + number + firstHost(rest)
}
