/** How numbers and times read. */
import { describe, expect, it } from 'vitest';
import { age, bytes, compact, countdown, marketTime, money, NOTHING, percent, price, quantity, signOf } from './format.ts';

describe('numbers', () => {
  it('shows money exactly, far beyond what a float holds', () => {
    expect(money('1234.5')).toBe('1,234.50');
    expect(money('90071992547409931.25')).toBe('90,071,992,547,409,931.25');
    expect(money('-12.345', { signed: true })).toBe('−12.35');
    expect(money('12', { signed: true })).toBe('+12.00');
    expect(money('0', { signed: true })).toBe('0.00');
    expect(money(null)).toBe(NOTHING);
  });
  it('shows prices, shares and percents', () => {
    expect([price('0.12345'), price('150')]).toEqual(['0.1235', '150.00']);
    expect([quantity('10.500000000'), quantity('-3')]).toEqual(['10.5', '−3']);
    expect([percent(0.0123), percent(-0.5, { decimals: 0 }), percent(null), percent(Number.NaN)]).toEqual(['+1.23 %', '−50 %', NOTHING, NOTHING]);
  });
  it('shows large numbers in few letters', () => {
    expect([compact(1_234_567), compact(950)]).toEqual(['1.23M', '950']);
  });
  it('knows the sign of decimal text', () => {
    expect([signOf('-0.00'), signOf('0.01'), signOf('-3'), signOf(null)]).toEqual([0, 1, -1, 0]);
  });
});

describe('times', () => {
  it('shows ages and countdowns', () => {
    expect([age(900), age(65_000), age(600_000), age(7_200_000), age(260_000_000)]).toEqual(['0.9 s', '65 s', '10 min', '2 h', '3 d']);
    expect([countdown(11_527_000), countdown(90_061_000)]).toEqual(['3:12:07', '1 d 1:01:01']);
  });
  it('shows the market in its own zone', () => {
    expect(marketTime(Date.UTC(2026, 0, 2, 14, 30))).toBe('09:30:00');
    expect(marketTime(Date.UTC(2026, 6, 2, 13, 30))).toBe('09:30:00');
  });
});

describe('sizes', () => {
  it('uses binary units', () => {
    expect([bytes(512), bytes(1_572_864), bytes(123_456_789_000)]).toEqual(['512 B', '1.5 MB', '115 GB']);
  });
});
