#include "CKernels.h"
#include "dispatch.h"

DISPATCHED void elo_rotate_half(float *x, const float *cosines, const float *sines, float sign, long heads, long d,
                                long rotated) {
  CONTRACT
  const long half = rotated / 2;
  for (long h = 0; h < heads; h++) {
    float *first = x + h * d, *second = first + half;
    for (long i = 0; i < half; i++) {
      float a = first[i], b = second[i], c = cosines[i], s = sign * sines[i];
      first[i] = a * c - b * s;
      second[i] = b * c + a * s;
    }
  }
}

DISPATCHED void elo_rotate_pairs(float *x, const float *cosines, const float *sines, float sign, long heads, long d,
                                 long rotated) {
  CONTRACT
  for (long h = 0; h < heads; h++) {
    float *head = x + h * d;
    for (long i = 0; i < rotated / 2; i++) {
      float a = head[2 * i], b = head[2 * i + 1], c = cosines[i], s = sign * sines[i];
      head[2 * i] = a * c - b * s;
      head[2 * i + 1] = b * c + a * s;
    }
  }
}
