// The inner loops of packed.cpp, which includes this file once for each instruction set, inside a namespace and a target
// of its own; hence no include guard. It must call no inline function of the standard library: the linker would keep one
// copy for all instruction sets.

// Vectors are of LANES numbers, as many as a register holds: sums in vectors that are wider live in memory, which made
// AVX2 fifteen times slower than it is.
typedef float fv __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t iv __attribute__((vector_size(4 * LANES), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

INLINE fv all(float v) { return fv{} + v; }
INLINE iv alli(int32_t v) { return iv{} + v; }
INLINE fv loadf(const float* p) { return *(const fv*)p; }
INLINE fv bits(iv v) { return (fv)v; }
INLINE int32_t word(const void* p) {
  int32_t v;
  __builtin_memcpy(&v, p, 4);
  return v;
}

INLINE float sum(fv v) {
  float s[LANES];
  for (int i = 0; i < LANES; i++) s[i] = v[i];
  for (int n = LANES / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) s[i] += s[i + n];
  return s[0];
}

// e^x within 2e-7 of it, for x up to 88.
INLINE fv expv(fv x) {
  x = x < -87.f ? all(-87.f) : x;
  x = x > 88.f ? all(88.f) : x;
  const fv n = (x * 1.44269504f + 12582912.f) - 12582912.f;  // rounds
  const fv r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  fv p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * r * r + r) + 1.f;
  return p * bits((__builtin_convertvector(n, iv) + 127) << 23);
}

// GPT-2's gelu: x (1 + tanh u) / 2 = x / (1 + e^-2u), u = sqrt(2/pi) (x + 0.044715 x^3).
INLINE fv geluv(fv x) { return x / (1.f + expv(x * (x * x * -0.0713548163f - 1.59576912f))); }

// A weight kind: X is how a row of inputs is kept, W how weights are, group how many inputs one step takes.
struct Float32 {
  typedef float X;
  typedef float W;
  typedef fv Acc;
  static const int group = 1;
  INLINE fv load(const W* w) { return loadf(w); }
  INLINE fv spread(const X* x) { return all(*x); }
  INLINE void step(Acc& a, fv x, fv w) { a += x * w; }
  INLINE fv result(Acc a, const float*, const int32_t*, float) { return a; }
};

struct Bfloat16 {
  typedef uint16_t X;
  typedef uint16_t W;
  typedef fv Acc;
  static const int group = 2;
  INLINE iv load(const W* w) { return *(const iv*)w; }
  INLINE iv spread(const X* x) { return alli(word(x)); }
  INLINE void step(Acc& a, iv x, iv w) {
#ifdef NATIVE_BF16
    a = (fv)_mm512_dpbf16_ps((__m512)a, (__m512bh)x, (__m512bh)w);
#else
    a += bits(x & int32_t(0xffff0000)) * bits(w & int32_t(0xffff0000));
    a += bits(x << 16) * bits(w << 16);
#endif
  }
  INLINE fv result(Acc a, const float*, const int32_t*, float) { return a; }
};

struct Int8 {
  typedef uint8_t X;
  typedef int8_t W;
  typedef iv Acc;
  static const int group = 4;
#ifdef NATIVE_MADD
  // Of each four the first and third, and the second and fourth, as 16 bits: products of bytes would not fit into the 16
  // bits that the instruction for bytes adds them in.
  struct Pairs {
    __m256i even, odd;
  };
  INLINE Pairs load(const W* w) {
    const __m256i v = _mm256_loadu_si256((const __m256i*)w);
    return {_mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8), _mm256_srai_epi16(v, 8)};
  }
  INLINE Pairs spread(const X* x) {
    const int32_t v = word(x);
    return {_mm256_set1_epi32(v & 0x00ff00ff), _mm256_set1_epi32(v >> 8 & 0x00ff00ff)};
  }
  INLINE void step(Acc& a, Pairs x, Pairs w) {
    a += (iv)_mm256_madd_epi16(x.even, w.even);
    a += (iv)_mm256_madd_epi16(x.odd, w.odd);
  }
#else
  INLINE iv load(const W* w) { return *(const iv*)w; }
  INLINE iv spread(const X* x) { return alli(word(x)); }
  INLINE void step(Acc& a, iv x, iv w) {
#ifdef NATIVE_INT8
    a = (iv)_mm512_dpbusd_epi32((__m512i)a, (__m512i)x, (__m512i)w);
#else
    a += (x & 255) * ((w << 24) >> 24);
    a += ((x >> 8) & 255) * ((w << 16) >> 24);
    a += ((x >> 16) & 255) * ((w << 8) >> 24);
    a += ((x >> 24) & 255) * (w >> 24);
#endif
  }
#endif
  // Inputs are kept 128 too great: sums are the columns' sums of weights.
  INLINE fv result(Acc a, const float* scale, const int32_t* sums, float x_scale) {
    return __builtin_convertvector(a - *(const iv*)sums * 128, fv) * (loadf(scale) * x_scale);
  }
};

// block computes R rows of V vectors of columns of a panel, from column c on. Each sum runs over the inputs in their
// order, whatever R is: what a row gives does not depend on other rows.
template <class K, int R, int V>
INLINE void block(const PackedProduct& j, const typename K::W* w, int64_t row, int64_t c) {
  typedef typename K::X X;
  const X* x = (const X*)j.x + row * j.ldx;
  typename K::Acc acc[R][V] = {};
  const int64_t steps = j.ldx / K::group;
  for (int64_t s = 0; s < steps; s++, w += packed_columns * K::group) {
    decltype(K::load(w)) b[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) b[v] = K::load(w + LANES * v * K::group);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const auto a = K::spread(x + r * j.ldx + s * K::group);
#pragma GCC unroll 8
      for (int v = 0; v < V; v++) K::step(acc[r][v], a, b[v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 8
    for (int v = 0; v < V; v++) {
      const int64_t at = c + LANES * v, left = j.out - at;
      if (left <= 0) break;
      fv y = K::result(acc[r][v], j.scale + at, j.sums + at, j.x_scale[row + r]) + loadf(j.bias + at);
      if (j.gelu) y = geluv(y);
      float* to = j.y + (row + r) * j.out + at;
      const float* residual = j.residual ? j.residual + (row + r) * j.out + at : nullptr;
      if (left >= LANES) {
        if (residual) y += loadf(residual);
        *(fv*)to = y;
      } else {
        for (int i = 0; i < left; i++) to[i] = y[i] + (residual ? residual[i] : 0.f);
      }
    }
}

template <class K, int R>
static __attribute__((noinline)) void rows(const PackedProduct& j, const typename K::W* w, int64_t row, int64_t c) {
  for (int v = 0; v < packed_columns / LANES; v += VECTORS) block<K, R, VECTORS>(j, w + LANES * v * K::group, row, c + LANES * v);
}

// panels computes all rows of the panels [from, to).
template <class K>
static void panels(const PackedProduct& j, int64_t from, int64_t to) {
  for (int64_t p = from; p < to; p++) {
    const typename K::W* w = (const typename K::W*)j.w + p * packed_columns * j.ldx;
    const int64_t c = p * packed_columns;
    int64_t row = 0;
    for (; row + ROWS <= j.rows; row += ROWS) rows<K, ROWS>(j, w, row, c);
    if (ROWS > 4 && row + 4 <= j.rows) rows<K, 4>(j, w, row, c), row += 4;
    if (row + 2 <= j.rows) rows<K, 2>(j, w, row, c), row += 2;
    if (row < j.rows) rows<K, 1>(j, w, row, c);
  }
}

static void run_panels(const PackedProduct& j, int64_t from, int64_t to) {
  switch (j.kind) {
    case packed_float32: return panels<Float32>(j, from, to);
    case packed_bfloat16: return panels<Bfloat16>(j, from, to);
    case packed_int8: return panels<Int8>(j, from, to);
  }
}

// to_bfloat16 rounds to the nearest, ties to even.
static void to_bfloat16(const float* x, int64_t n, uint16_t* y) {
  for (int64_t i = 0; i < n; i++) {
    uint32_t u;
    __builtin_memcpy(&u, x + i, 4);
    y[i] = uint16_t((u + 0x7fff + (u >> 16 & 1)) >> 16);
  }
}

// to_int8 quantises one row to 1..255, 128 for 0, and returns what one is worth.
static float to_int8(const float* x, int64_t n, uint8_t* y) {
  fv m = {};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    fv v = bits((iv)loadf(x + i) & 0x7fffffff);
    m = v > m ? v : m;
  }
  float most = 0;
  for (int k = 0; k < LANES; k++) most = m[k] > most ? m[k] : most;
  for (; i < n; i++) {
    const float v = x[i] < 0 ? -x[i] : x[i];
    most = v > most ? v : most;
  }
  if (most == 0) most = 1;
  const float inverse = 127.f / most;
  for (i = 0; i < n; i++) {
    const float v = x[i] * inverse + 12582912.f;  // rounded in the lowest bits
    int32_t u;
    __builtin_memcpy(&u, &v, 4);
    y[i] = uint8_t(u + 128);
  }
  return most / 127.f;
}

INLINE float dot(const float* a, const float* b, int64_t n) {
  fv s = {};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) s += loadf(a + i) * loadf(b + i);
  float rest = 0;
  for (; i < n; i++) rest += a[i] * b[i];
  return sum(s) + rest;
}

// attend lets one query [heads, e] attend to n rows of keys and values, d apart; scores has room for heads n.
static void attend(const float* q, const float* keys, const float* values, int64_t n, int64_t d, int64_t heads, int64_t e, float scale, float* scores,
                   float* y) {
  for (int64_t p = 0; p < n; p++)
    for (int64_t h = 0; h < heads; h++) scores[h * n + p] = dot(q + h * e, keys + p * d + h * e, e) * scale;
  for (int64_t h = 0; h < heads; h++) {
    float* s = scores + h * n;
    float most = s[0], total = 0;
    for (int64_t p = 1; p < n; p++) most = s[p] > most ? s[p] : most;
    for (int64_t p = 0; p < n; p += LANES) {
      const int64_t left = n - p < LANES ? n - p : LANES;
      fv v = all(-100.f);
      for (int64_t i = 0; i < left; i++) v[i] = s[p + i] - most;
      v = expv(v);
      for (int64_t i = 0; i < left; i++) total += v[i], s[p + i] = v[i];
    }
    for (int64_t p = 0; p < n; p++) s[p] /= total;
  }
  for (int64_t i = 0; i < heads * e; i++) y[i] = 0;
  for (int64_t p = 0; p < n; p++)
    for (int64_t h = 0; h < heads; h++) {
      const float s = scores[h * n + p];
      const float* v = values + p * d + h * e;
      float* to = y + h * e;
      for (int64_t i = 0; i < e; i++) to[i] += s * v[i];
    }
}

static const PackedKernels kernels = {run_panels, to_bfloat16, to_int8, attend};

#undef INLINE
