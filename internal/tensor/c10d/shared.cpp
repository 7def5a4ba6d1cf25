#include "shared.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "group.h"

namespace {

const size_t head = 4096;  // of a block: the token by which ranks know that they have the same memory
const size_t token_bytes = 32;

std::string draw_token() {
  std::random_device random;
  std::string s;
  while (s.size() < token_bytes) s += "0123456789abcdef"[random() % 16];
  return s;
}

char* map(int file, size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
}

// create makes the memory under a name of its own, with its pages: a small /dev/shm is noticed now, not at a write.
char* create(const std::string& path, const std::string& token, size_t bytes, int& file) {
  file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return nullptr;
  char* p = posix_fallocate(file, 0, off_t(bytes)) ? nullptr : map(file, bytes);
  if (p) memcpy(p, token.data(), token_bytes);
  return p;
}

char* attach(const std::string& path, const std::string& token, size_t bytes, int& file) {
  file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return nullptr;
  struct stat info;
  char* p = fstat(file, &info) == 0 && size_t(info.st_size) == bytes ? map(file, bytes) : nullptr;
  if (p && memcmp(p, token.data(), token_bytes) != 0) {
    munmap(p, bytes);
    p = nullptr;
  }
  return p;
}

struct flock lock_of(int rank) {
  struct flock l = {};
  l.l_type = F_WRLCK, l.l_whence = SEEK_SET, l.l_start = rank, l.l_len = 1;
  return l;
}

long futex(std::atomic<uint32_t>* word, int operation, uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), operation, value, timeout, nullptr, 0);
}

// ahead tells whether a count has reached another; counts wrap.
bool ahead(uint32_t count, uint32_t other) { return int32_t(count - other) >= 0; }

}  // namespace

shared_block::~shared_block() {
  munmap(data - head, bytes + head);
  close(file);
}

bool shared_block::left(int rank) const {
  struct flock l = lock_of(rank);
  return fcntl(file, F_OFD_GETLK, &l) == 0 && l.l_type == F_UNLCK;
}

std::shared_ptr<shared_block> shared_block::open(lt_group* g, size_t bytes) {
  const std::string key = "shared" + std::to_string(g->blocks++);
  std::string path, token;
  char* p = nullptr;
  int file = -1;
  if (g->rank == 0) {
    token = draw_token(), path = "/dev/shm/plip-" + token.substr(0, 16);
    p = create(path, token, bytes + head, file);
    g->store->set(key, token);
  } else {
    const auto v = g->store->get(key);
    token.assign(v.begin(), v.end()), path = "/dev/shm/plip-" + token.substr(0, 16);
    if (token.size() == token_bytes) p = attach(path, token, bytes + head, file);
  }
  struct flock mine = lock_of(g->rank);
  std::shared_ptr<shared_block> block;
  if (p) {
    block = std::make_shared<shared_block>();
    block->data = p + head, block->bytes = bytes, block->file = file;
    if (fcntl(file, F_OFD_SETLK, &mine)) block.reset();
  } else if (file >= 0) {
    close(file);
  }
  double all = block ? 1 : 0;
  g->sum(&all, 1);
  if (g->rank == 0) unlink(path.c_str());
  return all == g->size ? block : nullptr;
}

void shared_word::reach(uint32_t v) {
  value.store(v, std::memory_order_release);
  futex(&value, FUTEX_WAKE, INT32_MAX, nullptr);
}

void shared_word::await(uint32_t v, lt_group* g, int rank) {
  for (int i = 0; i < 1000; i++) {
    if (ahead(value.load(std::memory_order_acquire), v)) return;
    __builtin_ia32_pause();
  }
  for (;;) {
    const bool left = g->shared && g->shared->block->left(rank);
    const uint32_t seen = value.load(std::memory_order_acquire);
    if (ahead(seen, v)) return;
    TORCH_CHECK(!left, "the connection to rank ", rank, " is gone");
    g->check();
    const timespec look = {0, 200 * 1000 * 1000};
    futex(&value, FUTEX_WAIT, seen, &look);
  }
}

void shared_sums::sum(double* values, int64_t n, lt_group* g) {
  auto words = reinterpret_cast<shared_word*>(block->data);
  auto slots = reinterpret_cast<double*>(words + size);
  // Two slots a rank: one is written again only after every rank has written the other, and so has read this one.
  turn++;
  auto slot = [&](int r) { return slots + (2 * r + (turn & 1)) * limit; };
  memcpy(slot(rank), values, size_t(n) * sizeof(double));
  words[rank].reach(turn);
  memset(values, 0, size_t(n) * sizeof(double));
  for (int r = 0; r < size; r++) {
    words[r].await(turn, g, r);
    const double* theirs = slot(r);
    for (int64_t j = 0; j < n; j++) values[j] += theirs[j];
  }
}
