//go:build cgo

package main

import (
	"context"
	"fmt"
	"runtime"

	"plip/internal/dist"
)

// ranksHelp is the part of a command's help about several processes.
const ranksHelp = "Several processes, the ranks, train one model where the environment says so: that of\n" +
	"torchrun (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, LOCAL_RANK, LOCAL_WORLD_SIZE),\n" +
	"or else of Slurm's srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_STEP_NODELIST, ...).\n" +
	"--batch is that of all together, and --output a folder that all see; the order of\n" +
	"samples does not depend on the number of ranks, and a run may go on with another one.\n" +
	"The first rank alone writes and reports. When a rank fails or dies, so do the others:\n"

// withRanks joins the processes that the environment names, if there are some, runs f as one of them and leaves.
func withRanks(ctx context.Context, getenv func(string) string, f func(g *dist.Group) error) error {
	world, err := dist.FromEnv(getenv)
	if err != nil {
		return &usageError{err}
	}
	if world.Size == 1 {
		return f(nil)
	}
	g, err := dist.Join(ctx, world)
	if err == nil {
		err = g.Close(f(g))
	}
	if err != nil {
		return fmt.Errorf("rank %d of %d: %w", world.Rank, world.Size, err)
	}
	return nil
}

// place is where this process stands among the ranks; the zero value is alone.
type place struct {
	rank, size         int
	local, localOthers int // among the ranks of this machine
}

func placeOf(g *dist.Group) place {
	if g == nil {
		return place{size: 1}
	}
	w := g.World
	return place{w.Rank, w.Size, w.LocalRank, w.LocalSize - 1}
}

// first tells whether this process writes and reports.
func (p place) first() bool { return p.rank == 0 }

// cores is how many cores this process may take for itself.
func (p place) cores() int { return max(1, runtime.NumCPU()/(p.localOthers+1)) }

// workers is the value of --workers with its default.
func (p place) workers(n int) int {
	if n == 0 {
		return p.cores()
	}
	return n
}
