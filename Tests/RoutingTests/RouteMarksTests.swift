import Routing
import Testing

@Suite struct RouteMarksTests {
    private func canary(_ name: String, _ change: (inout DecisionMarks) -> Void) -> Canary {
        var marks = DecisionMarks()
        change(&marks)
        return Canary(name: name, backend: 1, marks: marks, sequence: 0)
    }

    private func lines(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
    }

    @Test func aRouteWithoutMarksHasNone() {
        #expect(Route.with([canary("a") { _ in }], keys: []).marks == nil)
        #expect(Route.with([], keys: []).marks == nil)
    }

    @Test func severalCanaries() throws {
        let route = Route.with(
            [
                canary("a") { $0.requestHeader = DecisionMark(name: "X-Release", value: "a") },
                canary("b") { $0.requestHeader = DecisionMark(name: "x_release", value: "b") },
                canary("c") { $0.requestHeader = DecisionMark(name: "X-Arm") },
                canary("d") { _ in },
            ], keys: [])
        let marks = try #require(route.marks)
        #expect(lines(marks.lines(for: .stable).request) == ["X-Arm: stable"])
        #expect(lines(marks.lines(for: .canary(0)).request) == ["X-Release: a"])
        #expect(lines(marks.lines(for: .canary(1)).request) == ["x_release: b"])
        #expect(lines(marks.lines(for: .canary(2)).request) == ["X-Arm: canary"])
        #expect(lines(marks.lines(for: .canary(3)).request).isEmpty)
        for (name, isOwn) in [("x-release", true), ("X_RELEASE", true), ("x-arm", true), ("x-release2", false), ("", false)] {
            let (request, response) = (marks.ownsRequestField(utf8(name).span), marks.ownsResponseField(utf8(name).span))
            #expect(request == isOwn)
            #expect(!response)
        }
    }

    @Test func aCookieWithAValueIsTakenBack() throws {
        let route = Route.with(
            [
                canary("a") { $0.responseCookie = DecisionMark(name: "release", value: "2.0") },
                canary("b") { $0.responseCookie = DecisionMark(name: "arm") },
            ], keys: [])
        let marks = try #require(route.marks)
        let gone = "Set-Cookie: release=; Path=/; Max-Age=0; SameSite=Lax"
        #expect(lines(marks.lines(for: .stable).cookies) == [gone, "Set-Cookie: arm=stable; Path=/; SameSite=Lax"])
        #expect(lines(marks.lines(for: .canary(0)).cookies)
            == ["Set-Cookie: release=2.0; Path=/; SameSite=Lax", "Set-Cookie: arm=; Path=/; Max-Age=0; SameSite=Lax"])
        #expect(lines(marks.lines(for: .canary(1)).cookies) == ["Set-Cookie: arm=canary; Path=/; SameSite=Lax", gone])
    }
}
