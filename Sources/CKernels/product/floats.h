#pragma once
/* Sums of f32 values: fused multiply-adds. */

INLINE_TARGET vector accumulate(vector x, vector y, vector sum) { return multiply_add(x, y, sum); }
INLINE_TARGET vector combined(vector beta, vector c, vector sum) { return multiply_add(beta, c, sum); }
