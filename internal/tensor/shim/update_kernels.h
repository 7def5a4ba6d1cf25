// The updates of update.h, for vec, which is several floats, and root, their square roots. It is included once for each
// instruction set, inside a namespace, and has no guard.

template <class T>
inline __attribute__((always_inline)) T get(const float* p) {
  T v;
  memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
inline __attribute__((always_inline)) void set(float* p, T v) { memcpy(p, &v, sizeof v); }

template <class T>
inline __attribute__((always_inline)) void adan(float* p, const float* g, float* m, float* v, float* n, float* previous, const adan_numbers& o) {
  const T gi = get<T>(g) * o.scale, none = gi - gi;
  const T d = o.first ? none : gi - get<T>(previous);
  const T mi = o.b1 * get<T>(m) + o.a1 * gi, vi = o.b2 * get<T>(v) + o.a2 * d, u = gi + o.b2 * d, ni = o.b3 * get<T>(n) + o.a3 * u * u;
  set(m, mi), set(v, vi), set(n, ni), set(previous, gi);
  const T step = o.lr * (mi / o.c1 + o.b2 * vi / o.c2) / (root(ni) / o.c3 + o.eps);
  set(p, o.no_prox ? get<T>(p) * o.decay - step : (get<T>(p) - step) * o.decay);
}

template <class T>
inline __attribute__((always_inline)) void adamw(float* p, const float* g, float* m, float* v, const adamw_numbers& o) {
  const T gi = get<T>(g) * o.scale, mi = o.b1 * get<T>(m) + o.a1 * gi, vi = o.b2 * get<T>(v) + o.a2 * gi * gi;
  set(m, mi), set(v, vi);
  set(p, get<T>(p) * o.decay - o.step * mi / (root(vi) / o.root + o.eps));
}

void adan_all(float* p, const float* g, float* m, float* v, float* n, float* previous, int64_t count, const adan_numbers o) {
  const int64_t width = sizeof(vec) / sizeof(float);
  int64_t i = 0;
  for (; i + width <= count; i += width) adan<vec>(p + i, g + i, m + i, v + i, n + i, previous + i, o);
  for (; i < count; i++) adan<float>(p + i, g + i, m + i, v + i, n + i, previous + i, o);
}

void adamw_all(float* p, const float* g, float* m, float* v, int64_t count, const adamw_numbers o) {
  const int64_t width = sizeof(vec) / sizeof(float);
  int64_t i = 0;
  for (; i + width <= count; i += width) adamw<vec>(p + i, g + i, m + i, v + i, o);
  for (; i < count; i++) adamw<float>(p + i, g + i, m + i, v + i, o);
}
