import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { makeAuthority, makeCertificate } from './certificates.ts';

const validity = { notBefore: new Date('2026-01-02T03:04:05Z'), notAfter: new Date('2056-01-02T03:04:05Z') };

test('an authority signs itself, and others, who are no authorities', () => {
  const authority = makeAuthority('authority', validity);
  const root = new X509Certificate(authority.certificate);
  const made = makeCertificate(authority, 'authority', 'pool-1', validity);
  const leaf = new X509Certificate(made.certificate);
  expect([root.ca, leaf.ca]).toEqual([true, false]);
  expect([root.checkIssued(root), leaf.checkIssued(root)]).toEqual([true, true]);
  expect([root.verify(root.publicKey), leaf.verify(root.publicKey)]).toEqual([true, true]);
  expect(leaf.verify(leaf.publicKey)).toBe(false);
  expect([leaf.subject, leaf.issuer, leaf.subjectAltName]).toEqual([
    'CN=pool-1',
    'CN=authority',
    'DNS:pool-1',
  ]);
  expect([leaf.validFromDate, leaf.validToDate]).toEqual([validity.notBefore, validity.notAfter]);
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
});
