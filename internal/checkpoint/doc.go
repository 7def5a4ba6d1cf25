// Package checkpoint keeps the state of a training so that a kill at any moment costs no more than the steps since the
// last checkpoint, and a resumed run goes on as if nothing had happened, digit by digit.
//
// A run's folder holds checkpoints, each a folder that appears under its name only when it is whole:
//
//	DIR/step-00000120/model.safetensors      parameters and buffers, by the names of the model
//	                  optimizer.safetensors  NAME/STATE of each trained parameter; metadata "steps"
//	                  rng.safetensors        "cpu": the state of libtorch's generator
//	                  config.yaml            the resolved configuration, the model's included
//	                  state.json             where the training stands; what it is, is the trainer's matter
//	                  ...                    companions that the model needs, such as vocab.txt
//	DIR/best.json                            {"name": "step-00000080"}, replaced atomically
//
// Save writes to DIR/.NAME.tmp, syncs every file and the folder, and renames. Prune renames to the same kind of name
// before it deletes. What a kill leaves behind is such a hidden folder, which the next Save of that name removes.
//
// A checkpoint without optimizer and state is a model: Resolve finds either in what a user gives for one.
package checkpoint
