#include "CKernels.h"
#include "bits.h"

/* w after a step; m and v become the moments. `keep`, `step` and `root` are the same for all weights. */
INLINE float adamw(float w, float gradient, float *m, float *v, elo_adamw_step s, float keep, float step, float root) {
  CONTRACT
  float g = gradient * s.gradient_scale;
  *m = s.b1 * *m + (1.0f - s.b1) * g;
  *v = s.b2 * *v + (1.0f - s.b2) * g * g;
  return w * keep - step * *m / (__builtin_elementwise_sqrt(*v) * root + s.epsilon);
}

/* The builtin, because sqrtf may set errno and would keep the loops from being vectorised. */
#define COMMON                                                                                                         \
  CONTRACT                                                                                                             \
  const float keep = 1.0f - s.rate * s.decay, step = s.rate / s.correction1,                                           \
              root = 1.0f / __builtin_elementwise_sqrt(s.correction2);

DISPATCHED void elo_adamw(float *w, const float *gradient, float *m, float *v, elo_adamw_step s, long n) {
  COMMON
  for (long i = 0; i < n; i++) {
    float first = m[i], second = v[i];
    w[i] = adamw(w[i], gradient[i], &first, &second, s, keep, step, root);
    m[i] = first;
    v[i] = second;
  }
}

DISPATCHED void elo_adamw_bf16(float *w, const float *gradient, uint16_t *m, uint16_t *v, elo_adamw_step s, long n) {
  COMMON
  for (long i = 0; i < n; i++) {
    float first = from_bf16(m[i]), second = from_bf16(v[i]);
    w[i] = adamw(w[i], gradient[i], &first, &second, s, keep, step, root);
    m[i] = to_bf16(first);
    v[i] = to_bf16(second);
  }
}
