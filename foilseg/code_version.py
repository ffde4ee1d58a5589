"""A hash of the code that decides a result, so that old runs are not taken for new.

Counted are the definitions that a result is computed with: from a few roots (the training, and
the sampler, loss and network of a run) along the names that they use, over all modules. Of these
the syntax counts, without docstrings, comments, formatting and annotations, and wherever a
definition lies. What is chosen from a registry is a root of its own, so that an entry more, or a
change of another entry, changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources

PACKAGE = "foilseg"
# A choice among these is hashed by its own definition, and never by the whole list.
REGISTRIES = {"SAMPLERS", "Sampler", "LOSSES", "NETWORKS", "WEIGHTS", "ALTERATIONS", "STARTS"}
# Classes whose values are determinants themselves: a field more changes nothing.
VALUES = {"TwinConfig", "SurfaceConfig", "AnnotatorConfig", "Experiment", "Profile"}
# Modules that store, measure or find what others compute: their code decides no result.
APART = {
    "code_version",
    "registry",
    "data.description",
    "data.files",
    "data.folder",
    "data.images",
    "networks.checkpoints",
    "networks.costs",
    "training.experiments",
    "training.locks",
    "training.meters",
    "training.restore",
    "training.rows",
    "networks.registry",
    "training.runs",
}
NO_CODE = (ast.Import, ast.ImportFrom, ast.Expr, ast.If)


@dataclass(frozen=True)
class Definition:
    """A name at the top level of a module: ``("networks.losses", "focal")``.

    ``name`` is "" where a module is used as a whole.
    """

    module: str
    name: str


@dataclass(frozen=True, eq=False)
class _Module:
    """What a module defines (name -> statements) and imports (name -> definition)."""

    defined: dict[str, list[ast.stmt]]
    imported: dict[str, Definition]


@cache
def code_version(*roots: tuple[str, str]) -> str:
    """Hash of everything that the definitions ``(module, name)`` compute with: 16 digits.

    Raises
    ------
    ValueError
        If a root does not exist.
    """
    texts = sorted(_text(d) for d in reached(*roots))
    return sha256("\n".join(texts).encode()).hexdigest()[:16]


@cache
def reached(*roots: tuple[str, str]) -> frozenset[Definition]:
    """The roots and every definition that they use, directly or through others."""
    waiting = [Definition(*root) for root in roots]
    for root in waiting:
        if root.name not in _module(root.module).defined:
            raise ValueError(f"{PACKAGE}.{root.module} defines no {root.name!r}")
    found: set[Definition] = set()
    while waiting:
        one = waiting.pop()
        if one in found or one.module in APART or one.name in REGISTRIES:
            continue
        module = _module(one.module)
        if one.name and one.name not in module.defined:
            waiting += [module.imported[one.name]] if one.name in module.imported else []
            continue
        found.add(one)
        waiting += _used(one)
    return frozenset(found)


@cache
def _used(one: Definition) -> tuple[Definition, ...]:
    """What a definition uses, each once."""
    return tuple(dict.fromkeys(_uses(one, _module(one.module))))


def _uses(one: Definition, module: _Module) -> Iterator[Definition]:
    names = [one.name] if one.name else list(module.defined)
    nodes = [node for name in names for part in module.defined[name] for node in ast.walk(part)]
    attributes = {id(n.value): n.attr for n in nodes if isinstance(n, ast.Attribute)}
    local = _imports(nodes)
    for node in nodes:
        if not isinstance(node, ast.Name):
            continue
        if node.id in module.defined and node.id != one.name:
            yield Definition(one.module, node.id)
        target = local.get(node.id) or module.imported.get(node.id)
        if target and not target.name:
            yield Definition(target.module, attributes.get(id(node), ""))
        elif target:
            yield target


@cache
def _module(name: str) -> _Module:
    path = resources.files(PACKAGE).joinpath(f"{name.replace('.', '/')}.py")
    tree = _Plain().visit(ast.parse(path.read_text("utf-8")))
    defined: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name_ in _names(statement):
            defined.setdefault(name_, []).append(statement)
    return _Module(defined, _imports(tree.body))


def _names(statement: ast.stmt) -> Iterable[str]:
    """The names that a statement at the top level defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, NO_CODE):
        return []
    stored = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
    return dict.fromkeys(n.id for n in stored if isinstance(n.ctx, ast.Store))


def _imports(nodes: Iterable[ast.AST]) -> dict[str, Definition]:
    """Name -> definition, or module with the name "", of what is imported of the package."""
    found = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            place = node.module.partition(".")[2]
            for name in node.names:
                inside = f"{place}.{name.name}" if place else name.name
                target = Definition(inside, "") if _exists(inside) else Definition(place, name.name)
                found[name.asname or name.name] = target
    return found


@cache
def _exists(module: str) -> bool:
    return resources.files(PACKAGE).joinpath(f"{module.replace('.', '/')}.py").is_file()


class _Plain(ast.NodeTransformer):
    """Takes out what decides nothing: docstrings and other bare texts, annotations."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if node.name in VALUES:
            node.body = [n for n in node.body if not isinstance(n, ast.AnnAssign)]
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


@cache
def _text(one: Definition) -> str:
    """The syntax of a definition, the same for every version of Python."""
    module = _module(one.module)
    names = [one.name] if one.name else sorted(module.defined)
    return "\n".join(_dump(part) for each in names for part in module.defined[each])


def _dump(node: object) -> str:
    if isinstance(node, ast.ImportFrom):  # from where does not matter
        return ", ".join(sorted(f"{n.name} as {n.asname}" for n in node.names))
    if isinstance(node, ast.Constant):
        return repr(node.value)
    if isinstance(node, ast.AST):
        fields = ((k, v) for k, v in ast.iter_fields(node) if v is not None and v != [])
        inner = ", ".join(f"{k}={_dump(v)}" for k, v in fields if k != "type_comment")
        return f"{type(node).__name__}({inner})"
    if isinstance(node, list):
        return f"[{', '.join(map(_dump, node))}]"
    return repr(node)
