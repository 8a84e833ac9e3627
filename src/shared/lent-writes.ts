/**
 * Bytes that were given to a socket of this process by reference, until the system has taken them. Memory that was sent so
 * may be used again once there was a moment after that without any.
 */
let lent = 0;
let moments = 0;

export const beginLentWrite = (): void => {
  lent += 1;
};

export const endLentWrite = (): void => {
  lent -= 1;
  if (lent === 0) moments += 1;
};

/** How many such moments there were. */
export const quietMoments = (): number => moments;
