import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApiInformation, readApplianceId } from '../shared/appliance/api-info.ts';
import { parseSmallXml } from '../shared/appliance/small-xml.ts';
import { attributeOf, childOf, childText } from '../shared/sessions/xml-element.ts';

const parse = (xml: string | Uint8Array) => parseSmallXml(xml, 'the test');
const refuses = (xml: string | Uint8Array, words?: RegExp) =>
  assert.throws(
    () => parse(xml),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'malformed-reply', `${error.stack} for ${String(xml).slice(0, 100)}`);
      if (words !== undefined) assert.match(error.message, words);
      return true;
    },
  );

test('values stay as sent: decoded, untrimmed, no number made of them', () => {
  const root = parse(
    '<r xmlns="u"><id>1.2e29</id><hex>0x1F</hex><s> a&#39;b &#x1F600; &amp;&lt;&quot;é </s><e/><c a=" 007 " p:b="x"/><d><![CDATA[<x>]]></d></r>',
  );
  assert.equal(childText(root, 'id'), '1.2e29');
  assert.equal(childText(root, 'hex'), '0x1F');
  assert.equal(childText(root, 's'), ' a\'b \u{1F600} &<"é ');
  assert.equal(childText(root, 'e'), '');
  assert.equal(childText(root, 'd'), '<x>');
  const c = childOf(root, 'c');
  assert.ok(c);
  assert.equal(attributeOf(c, 'a'), ' 007 ');
  assert.equal(attributeOf(c, 'b'), 'x');
  assert.deepEqual(root.attributes, []);
});

test('one child and several are read alike, in order, with and without prefixes', () => {
  for (const xml of ['<r><p>1</p></r>', '<a:r xmlns:a="u"><a:p>1</a:p><a:p>2</a:p></a:r>']) {
    const root = parse(xml);
    assert.equal(root.name, 'r');
    assert.ok(root.children.every(({ name }, i) => name === 'p' && root.children[i]?.text === String(i + 1)));
  }
});

test('what is broken, cut or hostile is refused', () => {
  const whole = '<r><a>1</a><b>2</b></r>';
  for (let length = 0; length < whole.length; length++) refuses(whole.slice(0, length));
  refuses('<r/><r/>');
  refuses('<r/> junk');
  refuses('junk <r/>');
  refuses('');
  refuses('<r>\u0001</r>');
  refuses('<r><br></r>');
  refuses('<!DOCTYPE r [<!ENTITY a "x">]><r>&a;</r>', /DOCTYPE/);
  refuses('<!doctype html><html></html>', /DOCTYPE/);
  refuses(Buffer.from('<r>\u00e9</r>', 'latin1'), /UTF-8/);
  refuses(`${'<a>'.repeat(2000)}${'</a>'.repeat(2000)}`);
});

test('names that mean something to JavaScript do no harm', () => {
  for (const xml of [
    '<r><__proto__><polluted>1</polluted></__proto__></r>',
    '<r><constructor><prototype>1</prototype></constructor></r>',
    '<r __proto__="1" constructor="2"/>',
  ]) {
    try {
      parse(xml);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'malformed-reply');
    }
    assert.equal((Object.prototype as Record<string, unknown>).polluted, undefined);
  }
});

test('a byte order mark and a declaration are passed over', () => {
  assert.equal(parse('\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<r>1</r>\n').text, '1');
  assert.equal(parse(Buffer.from('\uFEFF<r>1</r>')).text, '1');
});

test('get_api_info is read in both shapes', () => {
  const today = readApiInformation(
    parse(`<api_information xmlns="http://www.beyondtrust.com/sra/namespaces/API/command"><api_version>1.24.1</api_version><timestamp>1760000400</timestamp><permissions>
      <permission name="perm_backup">1</permission><permission name="perm_command">read_only</permission><permission name="perm_reporting_support">1</permission></permissions></api_information>`),
  );
  assert.deepEqual(today, {
    now: 1760000400,
    apiVersion: '1.24.1',
    permissions: { perm_backup: '1', perm_command: 'read_only', perm_reporting_support: '1' },
    product: 'RS',
  });
  const guide = readApiInformation(
    parse(
      '<get_api_info><api_version>1.16.0</api_version><timestamp>5</timestamp><permissions><perm_backup>0</perm_backup><perm_reporting>1</perm_reporting></permissions></get_api_info>',
    ),
  );
  assert.deepEqual([guide.product, guide.permissions], ['PRA', { perm_backup: '0', perm_reporting: '1' }]);
  assert.throws(() => readApiInformation(parse('<api_information/>')), { code: 'malformed-reply' });
});

test('check_health gives the id, with @ts times and failed checks too', () => {
  const health = parse(
    '<health><appliance id="11f0a3c2-0000-4000-8000-00000000beef">h</appliance><success>0</success><last_data_sync_time ts="1759996800">x</last_data_sync_time></health>',
  );
  assert.equal(readApplianceId(health), '11f0a3c2-0000-4000-8000-00000000beef');
  assert.equal(readApplianceId(parse('<health/>')), undefined);
});
