// SPDX-License-Identifier: Apache-2.0

import SSHClient

/// Who is asked: the user on the terminal, or by a program (`SSH_ASKPASS` and `SSH_ASKPASS_REQUIRE` of
/// ssh(1)).
struct AskpassRules {
    /// Where a question goes.
    enum Way: Equatable {
        case terminal
        /// The path of a program that asks in a window.
        case program(String)
        case nobody
    }

    /// Used where `SSH_ASKPASS` names none: where Debian has it.
    private static let usualProgram = "/usr/bin/ssh-askpass"

    private let program: String
    private let hasDisplay: Bool
    private let requirement: String

    init(environment: [String: String]) {
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        program = variable("SSH_ASKPASS") ?? Self.usualProgram
        hasDisplay = variable("DISPLAY") != nil || variable("WAYLAND_DISPLAY") != nil
        requirement = variable("SSH_ASKPASS_REQUIRE")?.lowercased() ?? ""
    }

    func way(for kind: Question.Kind, hasTerminal: Bool) -> Way {
        let mayUseProgram: Bool
        let prefersProgram: Bool
        switch requirement {
        case "force": (mayUseProgram, prefersProgram) = (true, true)
        case "prefer": (mayUseProgram, prefersProgram) = (hasDisplay, hasDisplay)
        case "never": (mayUseProgram, prefersProgram) = (false, false)
        default: (mayUseProgram, prefersProgram) = (hasDisplay, kind == .permission)
        }
        if mayUseProgram, prefersProgram || !hasTerminal { return .program(program) }
        return hasTerminal ? .terminal : .nobody
    }
}
