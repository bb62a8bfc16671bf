// SPDX-License-Identifier: Apache-2.0

/// Turns the arguments that mount(8) gives its helpers into those of `hawser mount`.
///
/// The form is `source directory [-sfnv] [-N namespace] [-o options] [-t type]`, where letters mean
/// other things than they do to us: -s is tolerance for unknown options, -f only pretends to mount,
/// -n leaves a file alone that no system has any more.
func helperArguments(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
        switch argument {
        case "-t", "-N": _ = rest.popFirst()
        case "-o":
            result.append(argument)
            if let options = rest.popFirst() { result.append(options) }
        case "-f": result.append("--pretend")
        case "-s", "-n": break
        default: result.append(argument)
        }
    }
    return result
}
