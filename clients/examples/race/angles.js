/** The same angle in radians, -π..π. */
export function shortest(angle) {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI))
}
