// Memory that the ranks of one machine share: sums over it take a fraction of what they take through sockets.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

struct lt_group;

// shared_block is a piece of memory that all ranks of a group have mapped. Its pages are gone when the last one has let
// go: the file behind it lost its name once all had it open.
struct shared_block {
  char* data = nullptr;
  size_t bytes = 0;
  int file = -1;  // open, with a lock on the byte of this rank's number: it ends with the process, however that ends
  ~shared_block();
  bool left(int rank) const;  // whether a rank holds its lock no more

  // open is called by all ranks, for as many bytes; null in all of them where one cannot see the others' memory, or there
  // is too little of it.
  static std::shared_ptr<shared_block> open(lt_group* g, size_t bytes);
};

// shared_word is a number that one rank counts up and the others wait for, on a cache line of its own.
struct alignas(64) shared_word {
  std::atomic<uint32_t> value;

  void reach(uint32_t v);                         // by its rank
  void await(uint32_t v, lt_group* g, int rank);  // whose word it is; fails when that is gone or the group aborted
};

// shared_sums adds up vectors of at most limit numbers over the ranks, in the order of the ranks, so that all get the
// same to the last digit.
struct shared_sums {
  static constexpr int64_t limit = 8192;
  std::shared_ptr<shared_block> block;
  int rank, size;
  uint32_t turn = 0;

  static size_t bytes(int size) { return size_t(size) * (sizeof(shared_word) + 2 * limit * sizeof(double)); }
  void sum(double* values, int64_t n, lt_group* g);
};
