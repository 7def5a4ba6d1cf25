package dist

import (
	"strings"
	"testing"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func TestFromEnv(t *testing.T) {
	for name, c := range map[string]struct {
		env  func(string) string
		want World
	}{
		"nothing": {env(), World{Size: 1, LocalSize: 1}},
		"by hand": {env("RANK", "1", "WORLD_SIZE", "4", "MASTER_ADDR", "a", "MASTER_PORT", "29500"),
			World{Rank: 1, Size: 4, LocalSize: 1, Host: "a", Port: 29500, Prefix: "plip"}},
		"first by hand": {env("RANK", "0", "WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "1", "GLOO_SOCKET_IFNAME", "ib0", "PLIP_RANKS", "sockets"),
			World{Size: 2, LocalSize: 1, Host: "a", Port: 1, Prefix: "plip", Serve: true, Interface: "ib0", Sockets: true}},
		"torchrun's agent serves": {env("RANK", "0", "WORLD_SIZE", "2", "LOCAL_RANK", "0", "LOCAL_WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "1",
			"TORCHELASTIC_USE_AGENT_STORE", "True", "TORCHELASTIC_RUN_ID", "none", "TORCHELASTIC_RESTART_COUNT", "3"),
			World{Size: 2, LocalSize: 2, Host: "a", Port: 1, Prefix: "plip/none/3"}},
		"torchrun with one": {env("RANK", "0", "WORLD_SIZE", "1", "MASTER_ADDR", "a", "MASTER_PORT", "1"), World{Size: 1, LocalSize: 1}},
		"srun": {env("SLURM_PROCID", "3", "SLURM_STEP_NUM_TASKS", "4", "SLURM_LOCALID", "1", "SLURM_NODEID", "1", "SLURM_STEP_TASKS_PER_NODE", "2(x2)",
			"SLURM_STEP_NODELIST", "n[07-08]", "SLURM_JOB_ID", "10", "SLURM_STEP_ID", "2"),
			World{Rank: 3, Size: 4, LocalRank: 1, LocalSize: 2, Host: "n07", Port: 20072, Prefix: "plip"}},
		"srun with an address": {env("SLURM_PROCID", "0", "SLURM_STEP_NUM_TASKS", "2", "SLURM_STEP_TASKS_PER_NODE", "2", "SLURM_STEP_NODELIST", "n1", "MASTER_ADDR", "b", "MASTER_PORT", "5"),
			World{Size: 2, LocalSize: 2, Host: "b", Port: 5, Prefix: "plip", Serve: true}},
		"a batch script of four tasks": {env("SLURM_PROCID", "0", "SLURM_NTASKS", "4", "SLURM_JOB_ID", "10"), World{Size: 1, LocalSize: 1}},
	} {
		if got, err := FromEnv(c.env); err != nil || got != c.want {
			t.Errorf("%s: want %+v, got %+v, %v", name, c.want, got, err)
		}
	}
}

func TestFromEnvNamesWhatIsWrong(t *testing.T) {
	for want, getenv := range map[string]func(string) string{
		`WORLD_SIZE: want a number from 0, got ""`:               env("RANK", "1"),
		`RANK: want a number from 0, got "x"`:                    env("RANK", "x", "WORLD_SIZE", "2"),
		"want a rank in 0..1, got 2":                             env("RANK", "2", "WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "1"),
		"MASTER_ADDR: want the host of rank 0, got nothing":      env("RANK", "1", "WORLD_SIZE", "2", "MASTER_PORT", "1"),
		"MASTER_PORT: want a port in 1..65535, got 70000":        env("RANK", "1", "WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "70000"),
		"want 1 rank or more, got 0":                             env("RANK", "0", "WORLD_SIZE", "0", "MASTER_ADDR", "a", "MASTER_PORT", "1"),
		`SLURM_LOCALID: want a number from 0, got "-1"`:          env("SLURM_PROCID", "1", "SLURM_STEP_NUM_TASKS", "2", "SLURM_LOCALID", "-1", "SLURM_STEP_NODELIST", "n"),
		`SLURM_STEP_NUM_TASKS: want a number from 0, got "many"`: env("SLURM_PROCID", "1", "SLURM_STEP_NUM_TASKS", "many"),
	} {
		if _, err := FromEnv(getenv); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestSlurmLists(t *testing.T) {
	for list, want := range map[string]string{"n1": "n1", "n1,n2": "n1", "n[1-3]": "n1", "n[07,09-12],m": "n07", "a-[3]-b,c": "a-3-b", "r[1-2]n[5-6]": "r1n5", "n[": "n[", "": ""} {
		if got := firstHost(list); got != want {
			t.Errorf("first of %q: want %q, got %q", list, want, got)
		}
	}
	for _, c := range []struct {
		list       string
		node, want int
	}{{"2", 0, 2}, {"2(x3),1", 2, 2}, {"2(x3),1", 3, 1}, {"2(x3),1", 9, 1}, {"", 0, 1}, {"x", 0, 1}, {"4,3", 1, 3}} {
		if got := tasksOfNode(c.list, c.node); got != c.want {
			t.Errorf("tasks of node %d of %q: want %d, got %d", c.node, c.list, c.want, got)
		}
	}
}
