import { describe, expect, test } from 'vitest';
import { csvCell, csvText, escapeHtml, oneLine } from '../../lib/report/escape.ts';

describe('a cell of a spreadsheet', () => {
  test.each([
    ['=cmd()', `"'=cmd()"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['  =cmd()', `"'  =cmd()"`],
    ['\t=cmd()', `"'\t=cmd()"`],
    ['＝cmd()', `"'＝cmd()"`],
    ['c7g.large', 'c7g.large'],
    ['a-b', 'a-b'],
    ['say "hi"', '"say ""hi"""'],
    ['a,b', '"a,b"'],
    ['two\nlines', '"two\nlines"'],
  ])('%j is written %s', (text, cell) => expect(csvCell(text)).toBe(cell));

  test('a number stays a number, a negative one too', () => {
    expect(csvText([[-0.25, 12.345678, 0]])).toBe('-0.25,12.345678,0\r\n');
  });
});

test('text becomes no markup', () => {
  expect(escapeHtml(`<img src=x onerror="a('b')">&`)).toBe('&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;');
});

test('a line stays one line, in the direction it is read', () => {
  expect(oneLine('a\r\nBcc: b\u202Ec\u2028d\u0000')).toBe('a Bcc: b c d');
});
