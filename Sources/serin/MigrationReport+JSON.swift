import Configuration
import Exchange
import Telemetry

extension MigrationReport {
    /// For programs: `{mode, differences, conditions, others, counts, ingresses, canaries, skipped}`.
    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("mode", mode.rawValue)
        json.key("differences")
        Self.write(differences, to: &json)
        json.key("conditions")
        Self.write(conditions, to: &json)
        json.key("others")
        Self.write(others, to: &json)
        json.key("counts")
        json.beginObject()
        for count in counts { json.member(count.rule, count.count) }
        json.endObject()
        json.member("ingresses", ingressCount)
        json.member("canaries", canaryCount)
        json.member("skipped", skippedCount)
        json.endObject()
        return json.finish()
    }

    private static func write(_ differences: [Difference], to json: inout JSONWriter) {
        json.beginArray()
        for difference in differences {
            json.beginObject()
            json.member("file", difference.file)
            json.member("line", difference.line)
            json.member("object", difference.object)
            json.member("rule", difference.rule)
            json.member("places", difference.places)
            json.member("ingressNginx", difference.ingressNginx)
            json.member("serin", difference.serin)
            json.key("modes")
            json.beginArray()
            for mode in difference.modes.compatibilities { json.value(mode.rawValue) }
            json.endArray()
            json.member("remedy", difference.remedy)
            json.endObject()
        }
        json.endArray()
    }
}
