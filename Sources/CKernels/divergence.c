#include "CKernels.h"
#include "dispatch.h"

DISPATCHED void elo_product_sums(const float *x, const float *y, long n, double *sums) {
  REASSOCIATE
  double sum = 0, absolute = 0, squares = 0;
  for (long i = 0; i < n; i++) {
    double product = (double)x[i] * (double)y[i];
    sum += product;
    absolute += product < 0 ? -product : product;
    squares += product * product;
  }
  sums[0] = sum;
  sums[1] = absolute;
  sums[2] = squares;
}

DISPATCHED double elo_weighted_difference(const float *p, const float *a, const float *b, long n) {
  REASSOCIATE
  double sum = 0;
  for (long i = 0; i < n; i++) sum += (double)(p[i] * (a[i] - b[i]));
  return sum;
}

DISPATCHED double elo_relative_distance(const float *x, const float *r, float scale, float *g, long d) {
  REASSOCIATE
  double distance = 0, norm = 0;
  for (long i = 0; i < d; i++) {
    double difference = (double)x[i] - (double)r[i];
    distance += difference * difference;
    norm += (double)r[i] * (double)r[i];
  }
  float factor = (float)(2 * (double)scale / norm);
  for (long i = 0; i < d; i++) g[i] += factor * (x[i] - r[i]);
  return distance / norm;
}
