import { resolveIntrinsics } from '../../../lib/local/assembly/intrinsics.ts';
import { UnsupportedTemplateError } from '../../../lib/local/errors.ts';

const references = {
  ref: (id: string) => (id === 'Table' ? 'my-table' : id === 'AWS::Region' ? 'us-east-1' : undefined),
  attribute: (id: string, name: string) => (id === 'Fn' && name === 'Arn' ? 'arn:fn' : undefined),
};

const resolve = (value: unknown) => resolveIntrinsics(value, 'Here', references);

describe('resolveIntrinsics', () => {
  it.each([
    ['a plain value', { a: [1, 'two', null, true] }, { a: [1, 'two', null, true] }],
    ['Ref', { Ref: 'Table' }, 'my-table'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Fn', 'Arn'] }, 'arn:fn'],
    ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Fn.Arn' }, 'arn:fn'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Table' }, 3]] }, 'a-my-table-3'],
    ['Fn::Sub', { 'Fn::Sub': '${AWS::Region}/${Table}/${Fn.Arn}/${!Table}' }, 'us-east-1/my-table/arn:fn/${Table}'],
    ['Fn::Sub with variables', { 'Fn::Sub': ['${A}${Table}', { A: { Ref: 'Table' }, Table: 'b' }] }, 'my-tableb'],
    ['functions deep inside', { a: [{ b: { Ref: 'Table' } }] }, { a: [{ b: 'my-table' }] }],
    ['AWS::NoValue', { a: { Ref: 'AWS::NoValue' }, b: [1, { Ref: 'AWS::NoValue' }] }, { b: [1] }],
    ['an object that only looks like a function', { Ref: 'Table', other: 1 }, { Ref: 'Table', other: 1 }],
  ])('resolves %s', (_, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  it.each([
    ['an unknown function', { a: { 'Fn::Foo': 1 } }, 'the local run does not know Fn::Foo at Here.a'],
    ['an unknown resource', [{ Ref: 'Gone' }], 'the local run does not know Ref "Gone" at Here[0]'],
    ['an unknown attribute', { 'Fn::GetAtt': ['Fn', 'Version'] }, 'does not know Fn::GetAtt ["Fn","Version"] at Here'],
    ['an unknown name in Fn::Sub', { 'Fn::Sub': 'x${Gone}' }, 'does not know Ref "Gone" at Here'],
    ['a Fn::Join of the wrong form', { 'Fn::Join': 'a' }, 'does not know this Fn::Join at Here'],
    ['a Fn::Sub of the wrong form', { 'Fn::Sub': [1] }, 'does not know this Fn::Sub at Here'],
  ])('names %s', (_, value, message) => {
    expect(() => resolve(value)).toThrow(UnsupportedTemplateError);
    expect(() => resolve(value)).toThrow(message);
  });
});
