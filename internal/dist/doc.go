// Package dist lets processes, the ranks, train one model together over libtorch's c10d.
//
//	world  = rank, number of ranks and meeting place, from the variables of torchrun or of Slurm's srun   // world.go
//	group  = Join(world): wait until all are there, connect all with all                                  // group.go
//	ConnectDevices: over NCCL, where each rank has a CUDA device of its own                                // devices.go
//	each step, in the same order on all ranks:
//	    exchange a few numbers, gather rows, sum gradients in buckets                                     // internal/tensor
//	watch  = every rank shows a sign of life every two seconds and looks after the next rank              // watch.go
//	Close(err): on success wait for all, else tell the others why
//
// A rank that fails says so in the store, where the others read it within seconds. One that dies silently is missed by
// the connections it leaves, or by its signs of life, within half a minute. Either way the others' collectives end with
// a *LostError that says which rank it was. Where devices are connected, a process that is still there 20 seconds later
// kills itself: it waits for its device without end.
package dist
