# What programs can call that is written in jq itself. Each sees only those before it.
def true: 0 == 0;
def false: 0 != 0;
def null: [][0];

def select(f): if f then . else empty end;
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def recurse: recurse(.[]?);
def recurse(f; cond): recurse(f | select(cond));
def range($from; $to; $by): _range($from; $to; $by);
def range($to): range(0; $to; 1);
def range($from; $to): range($from; $to; 1);
def error(message): message | error;
def isvalid(f): try (f | true) catch false;
def isempty(g): first((g | false), true);

def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");

def any(g; cond): isempty(first(g | cond | select(.))) | not;
def any(cond): any(.[]; cond);
def any: any(.[]; .);
def all(g; cond): isempty(first(g | cond | select(. | not)));
def all(cond): all(.[]; cond);
def all: all(.[]; .);
def add(f): reduce f as $x (null; . + $x);
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("`nth` counts from 0") else first(skip($n; f)) end;
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:][0];
def toarray: if type == "array" then . else [.] end;
def sort: sort_by(.);
def unique: unique_by(.);
def min: min_by(.);
def max: max_by(.);
def transpose: (map(length) | max // 0) as $n | [range($n) as $i | [.[][$i]]];
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $of | [range(n)] | map($of) | combinations;
def with_entries(f): to_entries | map(f) | from_entries;

def paths: path(..) | select(length > 0);
def paths(f): . as $of | paths | select(. as $path | $of | getpath($path) | f);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def pick(f): . as $of | reduce path(f) as $path (null; setpath($path; $of | getpath($path)));

def test($re): if ($re | type) == "array" then test($re[0]; $re[1]) else test($re; null) end;
def match($re; $flags): _match($re; $flags) | .[];
def match($re): if ($re | type) == "array" then match($re[0]; $re[1]) else match($re; null) end;
def capture($re; $flags): match($re; $flags) | [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def capture($re): if ($re | type) == "array" then capture($re[0]; $re[1]) else capture($re; null) end;
def scan($re; $flags): match($re; "g" + $flags) | if (.captures | length) > 0 then [.captures[].string] else .string end;
def scan($re): if ($re | type) == "array" then scan($re[0]; $re[1]) else scan($re; null) end;
def splits($re; $flags): split($re; $flags) | .[];
def splits($re): splits($re; null);
def sub($re; f; $flags): reduce (_pieces($re; $flags) | .[]) as $piece (""; . + (if ($piece | type) == "string" then $piece else ($piece | [f] | if length == 1 then .[0] else error("`sub` and `gsub` take one text for each match, not \(length)") end) end));
def sub($re; f): sub($re; f; null);
def gsub($re; f; $flags): sub($re; f; "g" + $flags);
def gsub($re; f): sub($re; f; "g");

def ascii: [.] | implode;
def INDEX(g; f): reduce g as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def IN(g): any(g == .; .);
def IN(from; g): any(from == g; .);
